/** Asks for the token of a server that wants one. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** A question to the person. */
export interface TokenQuestion {
  /** What was wrong with the token before; '' the first time. */
  readonly why: string;
  readonly answer: (token: string) => void;
}

/** The dialog; it cannot be left without an answer, as nothing can be shown without one. */
export function TokenDialog({ question }: { readonly question: TokenQuestion }): ComponentChildren {
  const dialog = useRef<HTMLDialogElement>(null);
  const [token, setToken] = useState('');
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="token-title" onCancel={(event) => event.preventDefault()}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token !== '') question.answer(token);
        }}
      >
        <h2 id="token-title">This server wants a token</h2>
        {question.why !== '' && <p role="alert">{question.why}</p>}
        <label>
          Token
          <input
            type="password"
            autocomplete="off"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Let me in</button>
      </form>
    </dialog>
  );
}
