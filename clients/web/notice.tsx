/** A sentence about something that went wrong, or that a person should know. */

import type { ComponentChildren } from 'preact';

/** The sentence; nothing for ''. */
export function Notice({ text }: { readonly text: string }): ComponentChildren {
  if (text === '') return null;
  return (
    <p class="notice" role="alert">
      {text}
    </p>
  );
}
