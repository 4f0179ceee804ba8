/** The page: tabs, each with a view of its own; the address says which one is open. */

import { render, type ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { BoardView } from './board/board-view.js';
import { emptyLine, type Line } from './board/line.js';
import { Calls } from './calls.js';
import { linkTo, useRoute } from './route.js';
import { TokenDialog, type TokenQuestion } from './token-dialog.js';

const tabs = [{ name: 'board', title: 'Board' }] as const;

function Page(): ComponentChildren {
  const [question, setQuestion] = useState<TokenQuestion>();
  const calls = useMemo(() => new Calls((why) => ask(why, setQuestion)), []);
  const [line, setLine] = useState<Line>(() => emptyLine(9));
  const [tab = 'board'] = useRoute();
  return (
    <>
      <header>
        <a class="brand" href={linkTo('board')}>
          <img src="icon.svg" alt="" width="26" height="26" />
          Tengen
        </a>
        <nav aria-label="Views">
          {tabs.map(({ name, title }) => (
            <a key={name} href={linkTo(name)} aria-current={name === tab ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
      </header>
      <main>
        <BoardView calls={calls} line={line} setLine={setLine} />
      </main>
      {question && <TokenDialog question={question} />}
    </>
  );
}

function ask(why: string, setQuestion: (question: TokenQuestion | undefined) => void): Promise<string> {
  return new Promise((resolve) => {
    setQuestion({
      why,
      answer(token) {
        setQuestion(undefined);
        resolve(token);
      },
    });
  });
}

render(<Page />, document.getElementById('page')!);
