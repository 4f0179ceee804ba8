/** A progress bar on stderr; one line a change where stderr is not a terminal would be noise, so there it stays silent. */
export class ProgressBar {
  readonly #label: string;
  readonly #enabled: boolean;

  constructor(label: string, enabled = process.stderr.isTTY) {
    this.#label = label;
    this.#enabled = enabled;
  }

  /** Shows that `done` of `total` are done. */
  update(done: number, total: number, note = ''): void {
    if (!this.#enabled) return;
    const width = 30;
    const filled = Math.round((width * Math.min(done, total)) / Math.max(1, total));
    process.stderr.write(
      `\r\x1b[2K${this.#label} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${done}/${total} ${note}`,
    );
  }

  /** Leaves the last state on the screen. */
  end(): void {
    if (this.#enabled) process.stderr.write('\n');
  }
}
