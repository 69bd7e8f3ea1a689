// The editor: CodeMirror in a shadow root, where its styles are adopted sheets, which the content policy allows; in the
// document itself they would be <style> elements, which it does not. The textarea behind it is what a form sends.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { PostgreSQL, sql, SQLDialect } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export type Stream = { name: string; columns: { name: string; type: string }[] };

const WORDS = "qualify exclude replace sample summarize describe pivot unpivot semi anti asof positional";
const dialect = SQLDialect.define({ ...PostgreSQL.spec, keywords: `${PostgreSQL.spec.keywords} ${WORDS}` });

const colors = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--series-4)" },
  { tag: tags.number, color: "var(--series-2)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--series-3)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "7px", fontSize: ".87rem" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "2px" },
  ".cm-content": { fontFamily: "var(--mono)", minHeight: "9rem", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-scroller": { maxHeight: "26rem", overflow: "auto" },
  ".cm-gutters": { backgroundColor: "var(--faint)", color: "var(--soft)", border: "0", borderRadius: "7px 0 0 7px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 9%, transparent)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": { backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent) !important" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--accent-ink)" },
});

function quoted(name: string): string {
  return /^[a-z_]\w*$/.test(name) && name !== "values" ? name : `"${name}"`;
}

/** Writing over a selection: left to the browser, it would keep the look of what was there as an inline style, which the
 * content policy refuses. */
const writeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const text = event.inputType === "insertText" ? event.data : null;
    if (!text || empty || view.composing) return false;
    event.preventDefault();
    const plain = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, plain))) view.dispatch(plain());
    return true;
  },
});

export class Editor {
  private readonly view: EditorView;

  constructor(place: HTMLElement, private readonly text: HTMLTextAreaElement, streams: Stream[], label: string, run: () => void) {
    const root = place.attachShadow({ mode: "open" });
    const schema = Object.fromEntries(
      streams.map((s) => [s.name, s.columns.map((c) => ({ label: c.name, apply: quoted(c.name), detail: c.type, type: "property" }))]),
    );
    const state = EditorState.create({
      doc: text.value,
      extensions: [
        keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }, ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
        lineNumbers(), history(), bracketMatching(), closeBrackets(), autocompletion(), highlightActiveLine(), EditorView.lineWrapping,
        sql({ dialect, schema, upperCaseKeywords: true }), syntaxHighlighting(colors), look, writeOver,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => { if (update.docChanged) text.value = update.state.doc.toString(); }),
      ],
    });
    this.view = new EditorView({ state, parent: root, root });
    text.hidden = true;
  }

  get value(): string {
    return this.view.state.doc.toString();
  }

  set value(sql: string) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: sql } });
    this.text.value = sql;
  }

  insert(name: string): void {
    const { from, to } = this.view.state.selection.main;
    const text = quoted(name);
    this.view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length } });
    this.view.focus();
  }
}

export { quoted };
