/** The parts of Sabaki's GTP package that the tests use; it comes without types. */
declare module '@sabaki/gtp' {
  interface Reply {
    readonly content: string;
    readonly error: boolean;
  }
  interface Command {
    readonly name: string;
    readonly args?: readonly string[];
  }
  interface State {
    readonly komi?: number;
    readonly boardsize?: readonly number[];
    readonly history?: readonly Command[];
  }
  class Controller {
    constructor(path: string, args: readonly string[]);
    start(): void;
    stop(timeoutMs?: number): Promise<void>;
    sendCommand(command: Command): Promise<Reply>;
  }
  class ControllerStateTracker {
    constructor(controller: Controller);
    readonly state: { readonly history: readonly Command[] };
    knowsCommand(name: string): Promise<boolean>;
    sync(state: State): Promise<void>;
    queueCommand(command: Command, subscriber: (event: { line: string; end: boolean }) => void): Promise<Reply>;
  }
  const gtp: { Controller: typeof Controller; ControllerStateTracker: typeof ControllerStateTracker };
  export default gtp;
  export type { Command, Controller, ControllerStateTracker };
}
