import type { ReactNode } from 'react';

/** `outline` has no colour of its own. */
type BadgeColor = 'gray' | 'blue' | 'violet' | 'teal' | 'green' | 'yellow' | 'orange' | 'red' | 'outline';

interface BadgeProps {
  readonly color: BadgeColor;
  readonly children: ReactNode;
}

/** A word on a colour. One plain element: long tables are full of them. */
export function Badge({ color, children }: BadgeProps) {
  return (
    <span className="badge" data-color={color}>
      {children}
    </span>
  );
}
