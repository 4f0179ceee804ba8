/** The page: tabs, each with a view of its own; the address says which one is open. */

import { render, type ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { BoardView } from './board/board-view.js';
import { emptyLine, type Line } from './board/line.js';
import { USUAL_SIZE } from './board/models.js';
import { Calls } from './calls.js';
import { linkTo, useRoute } from './route.js';
import { GamesView } from './games/games-view.js';
import { ServerView } from './server/server-view.js';
import { TrainingView } from './training/training-view.js';
import { TokenDialog, type TokenQuestion } from './token-dialog.js';

const tabs = [
  { name: 'board', title: 'Board' },
  { name: 'training', title: 'Training' },
  { name: 'games', title: 'Games' },
  { name: 'server', title: 'Server' },
] as const;

function Page(): ComponentChildren {
  const [question, setQuestion] = useState<TokenQuestion>();
  const calls = useMemo(() => new Calls((why) => ask(why, setQuestion)), []);
  const [line, setLine] = useState<Line>(() => emptyLine(USUAL_SIZE));
  const [tab = 'board', jobId, gameId] = useRoute();
  return (
    <>
      <header>
        <a class="brand" href={linkTo('board')} aria-label="Tengen">
          <img src="icon.svg" alt="" width="26" height="26" />
          <span>Tengen</span>
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
        {tab === 'board' && <BoardView calls={calls} line={line} setLine={setLine} />}
        {tab === 'training' && <TrainingView calls={calls} jobId={jobId} />}
        {tab === 'games' && <GamesView calls={calls} jobId={jobId} gameId={gameId} openLine={setLine} />}
        {tab === 'server' && <ServerView calls={calls} />}
      </main>
      <footer>
        <a href="licences.txt">Licences</a>
      </footer>
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
