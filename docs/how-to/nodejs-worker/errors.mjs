// What a call can end with besides a message. worker.mjs turns each into an answer.

/** A call that needs an unsupported capability; this exporter supports them all and never throws it. */
export class Unsupported extends Error {}

/** A rejected call. className is the Python exception that stands for the error, such as "ValueError". */
export class ExportError extends Error {
  constructor(className, text) {
    super(text);
    this.className = className;
  }
}
