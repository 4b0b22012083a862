import { inspect } from "node:util";

const HIDDEN = "[secret]";

/** A text that shows itself to nobody who does not ask for it by name: not to a log, not to JSON, not to a debugger. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
