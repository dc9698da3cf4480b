/** An image as a request names it, not yet judged. */
export interface RequestedImage {
  readonly image: string;
  /** Platforms, or `all` alone, of this image; absent: those of the whole request. */
  readonly platforms?: readonly string[];
  /** Set where no image was understood: the reason. `image` is the text as it was sent, without passwords. */
  readonly refused?: string;
}
