/** Whether traffic may come: what is asked of /ready. */
export class Readiness {
  #waiting: string | null;
  #stopping = false;

  constructor(waiting: string | null) {
    this.#waiting = waiting;
  }

  /** Why not, or null. Everybody can read it, so it holds no more than a cause has to. */
  get reason(): string | null {
    return this.#stopping ? "shutting down" : this.#waiting;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  wait(reason: string): void {
    this.#waiting = reason;
  }

  ready(): void {
    this.#waiting = null;
  }

  stop(): void {
    this.#stopping = true;
  }
}
