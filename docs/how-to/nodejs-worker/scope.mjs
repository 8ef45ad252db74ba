// The names that lie under an export scope, and what they are without it.

/** What can precede the name of a node: a control input has ^, a colocation has loc:@. */
const MARKS = /^(\^|loc:@|)(.*)$/s;

/** Returns the scope that a text names, under a contract; null for no text. */
export function scopeOf(text, contract) {
  if (!text) return null;
  return contract.scopesAreLiteral ? new LiteralScope(text) : new PatternScope(text);
}

/** A scope as the documentation has it: the names under `scope/`. */
class LiteralScope {
  #prefix;

  constructor(text) {
    this.#prefix = `${withoutSlash(text)}/`;
  }

  /** Tells whether a name without marks lies in the scope (SCOPE-01, SCOPE-02, SCOPE-08). */
  contains(name) {
    return name.startsWith(this.#prefix);
  }

  /** Returns a name, marked or not, without the scope and its slashes (SCOPE-03); a name outside stays as it is. */
  stripped(marked) {
    const [, mark, name] = MARKS.exec(marked);
    return this.contains(name) ? mark + name.slice(this.#prefix.length).replace(/^\/+/, "") : marked;
  }
}

/** A scope as TensorFlow has it: a prefix for the selection, and a regular expression for the stripping. */
class PatternScope {
  #text;
  #pattern;

  constructor(text) {
    this.#text = text;
  }

  contains(name) {
    return name.startsWith(this.#text); // SCOPE-01
  }

  stripped(marked) {
    this.#pattern ??= new RegExp(`(\\^|loc:@|^)${withoutSlash(this.#text)}/+(.*)`, "u");
    return marked.replace(this.#pattern, "$1$2"); // SCOPE-03, SCOPE-08
  }
}

/** Only one slash at the end means nothing (SCOPE-02). */
function withoutSlash(text) {
  return text.endsWith("/") ? text.slice(0, -1) : text;
}
