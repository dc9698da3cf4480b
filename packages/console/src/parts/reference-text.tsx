import { Fragment } from 'react';

/** A reference of an image, which breaks between its parts before it breaks anywhere else. */
export function ReferenceText({ text }: { readonly text: string }) {
  const parts = text.split(/(?<=\/)|(?=[:@])/);
  return parts.map((part, index) => (
    <Fragment key={`${index} ${part}`}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
