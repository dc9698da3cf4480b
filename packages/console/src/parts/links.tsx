import { Anchor, Button } from '@mantine/core';
import type { AnchorProps, ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type Element = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'color' | 'style'> & {
  readonly ref?: Ref<HTMLAnchorElement>;
};

/** A link to a page of the console, as text. */
export const TextLink = createLink((props: Element & AnchorProps) => <Anchor component="a" {...props} />);

/** A link to a page of the console that looks like a button. */
export const ButtonLink = createLink((props: Element & ButtonProps) => <Button component="a" {...props} />);
