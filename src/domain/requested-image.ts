/** An image as requested, not checked yet. */
export interface RequestedImage {
  readonly image: string;
  /** Platforms of this image, or `all` alone; default: those of the whole request. */
  readonly platforms?: readonly string[] | undefined;
  /** Why the text could not be parsed. `image` is then the text as sent, without passwords. */
  readonly refused?: string;
}
