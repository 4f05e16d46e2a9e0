// SPDX-License-Identifier: Apache-2.0

extension DevPage {
    /// The page's style sheet. Colours are named once, for light and dark; all text on its ground is 4.5:1 or better.
    static let style = #"""
        :root {
          color-scheme: light dark;
          --ground: #f4f2ed; --card: #ffffff; --line: #dbd7cd; --line-strong: #8b877c;
          --ink: #1c1f22; --quiet: #5b5f63; --accent: #1c5c58; --accent-ink: #ffffff; --accent-soft: #e3efed;
          --good: #1d6b3a; --bad: #9c2a1f; --bad-soft: #fcefec; --bad-line: #e3b4ac; --warn: #7a5200; --code: #f7f6f2; --gold: #f3c969;
          --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #131618; --card: #1b1f22; --line: #343a3e; --line-strong: #7d858a;
            --ink: #eceae4; --quiet: #a8adb0; --accent: #7fd1c4; --accent-ink: #0d2321; --accent-soft: #1b3331;
            --good: #7fd39b; --bad: #ffb3a7; --bad-soft: #331d1b; --bad-line: #7a3f38; --warn: #f0c674; --code: #14181a;
          }
        }
        *, *::before, *::after { box-sizing: border-box; }
        [hidden] { display: none !important; }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
        header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1rem; }
        header { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem 1rem; padding-top: 1.75rem; padding-bottom: 1.25rem; }
        .title { flex: 1 1 18rem; min-width: 0; }
        h1, h2, h3, p, dl, dd, ol, pre { margin: 0; }
        h1 { font-size: 1.5rem; line-height: 1.2; letter-spacing: -.01em; }
        h2 { font-size: 1.125rem; line-height: 1.3; margin-bottom: 1rem; }
        h3 { font-size: 1rem; }
        .title p, .quiet { color: var(--quiet); font-size: .9375rem; }
        .mark .wall { fill: var(--accent); } .mark .door { fill: var(--gold); } .mark .knob { fill: #5d4708; }
        .chips { display: flex; flex-wrap: wrap; gap: .5rem; }
        .chip { border: 1px solid var(--accent); color: var(--accent); border-radius: 2rem; padding: .125rem .75rem; font-size: .875rem; }
        .chip.quiet { border-color: var(--line-strong); color: var(--quiet); }
        main { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; min-width: 0; }
        @media (min-width: 56rem) {
          main { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: start; gap: 1.25rem; }
          .card { padding: 1.5rem; } .wide { grid-column: 1 / -1; }
        }
        @media (max-width: 30rem) { .wide-only { display: none; } }
        form > * + *, .command + .command { margin-top: 1rem; }
        fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
        legend, .trial label, .field label { padding: 0; font-weight: 600; font-size: .9375rem; display: block; margin-bottom: .5rem; }
        #rules { display: grid; gap: .5rem; }
        .rule { display: flex; align-items: flex-start; gap: .75rem; border: 1px solid var(--line); border-radius: .5rem; padding: .625rem .75rem; cursor: pointer; }
        .rule:hover { border-color: var(--line-strong); }
        .rule:has(:checked) { border-color: var(--accent); background: var(--accent-soft); }
        .rule input { margin: .3rem 0 0; accent-color: var(--accent); flex: none; }
        .rule span { display: block; min-width: 0; overflow-wrap: anywhere; }
        .rule .quiet { font-size: .875rem; }
        .drop label { display: flex; flex-direction: column; align-items: center; gap: .375rem; text-align: center; border: 2px dashed var(--line-strong); border-radius: .625rem; padding: 1.5rem 1rem; cursor: pointer; }
        .drop label:hover, .drop.over label { border-color: var(--accent); background: var(--accent-soft); }
        .drop svg { fill: none; stroke: var(--accent); stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
        .drop strong { color: var(--accent); text-decoration: underline; text-underline-offset: .2em; }
        .chosen { display: flex; align-items: center; gap: .75rem; border: 1px solid var(--line); border-radius: .5rem; padding: .625rem .75rem; }
        .thumb { flex: none; width: 2.75rem; height: 2.75rem; border-radius: .375rem; background: var(--code); border: 1px solid var(--line); overflow: hidden; display: grid; place-items: center; font: 600 .6875rem var(--mono); color: var(--quiet); }
        .thumb img { width: 100%; height: 100%; object-fit: cover; }
        .chosen-text { flex: 1; min-width: 0; } .name { font-weight: 600; overflow-wrap: anywhere; }
        .hint { border-left: 3px solid var(--warn); padding-left: .75rem; font-size: .9375rem; color: var(--warn); }
        .field + .field { margin-top: .75rem; }
        input[type="text"], select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line-strong); border-radius: .5rem; padding: .5rem .625rem; width: 100%; min-height: 2.75rem; }
        details > summary { cursor: pointer; color: var(--accent); font-size: .9375rem; padding: .25rem 0; }
        .trial[open] { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem .75rem; }
        .trial label { margin-top: .5rem; } .trial p { margin-top: .5rem; font-size: .875rem; }
        .actions { display: flex; flex-wrap: wrap; gap: .625rem; }
        button { font: inherit; font-weight: 600; color: var(--accent); background: transparent; border: 1px solid var(--accent); border-radius: .5rem; padding: .5rem 1rem; min-height: 2.75rem; cursor: pointer; }
        button:hover { background: var(--accent-soft); }
        button.primary { background: var(--accent); color: var(--accent-ink); flex: 1 1 8rem; } button.primary:hover { filter: brightness(1.12); }
        button.plain { border-color: transparent; padding: .25rem .5rem; min-height: 2rem; font-size: .9375rem; }
        button:disabled { opacity: .55; cursor: default; }
        :focus-visible, .drop input:focus-visible + label { outline: 3px solid var(--accent); outline-offset: 2px; }
        .steps { list-style: none; padding: 0; counter-reset: step; }
        .steps > li { counter-increment: step; position: relative; padding: 0 0 1.25rem 2.75rem; min-width: 0; }
        .steps > li::before { content: counter(step); position: absolute; left: 0; top: -.125rem; width: 1.75rem; height: 1.75rem; border-radius: 50%; border: 2px solid var(--line-strong); display: grid; place-items: center; font-size: .875rem; font-weight: 700; color: var(--quiet); background: var(--card); z-index: 1; }
        .steps > li:not(:last-child)::after { content: ""; position: absolute; left: .8125rem; top: 1.75rem; bottom: 0; width: 2px; background: var(--line); }
        .steps > li:last-child { padding-bottom: 0; }
        .steps > li[data-state="busy"]::before { border-color: var(--accent); color: var(--accent); }
        .steps > li[data-state="done"]::before { content: "✓"; border-color: var(--good); background: var(--good); color: var(--card); }
        .steps > li[data-state="failed"]::before { content: "✕"; border-color: var(--bad); background: var(--bad); color: var(--card); }
        .state { color: var(--quiet); font-size: .9375rem; }
        li[data-state="done"] .state { color: var(--good); } li[data-state="failed"] .state { color: var(--bad); }
        .steps dl { margin: .5rem 0; font-size: .9375rem; }
        dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .25rem .875rem; } dt { color: var(--quiet); } dd { overflow-wrap: anywhere; }
        dd code, .detail code { font: .875em var(--mono); }
        a { color: var(--accent); text-underline-offset: .15em; }
        progress { width: 100%; height: .75rem; margin-top: .5rem; appearance: none; border: 0; border-radius: 1rem; overflow: hidden; background: var(--line); color: var(--accent); }
        progress::-webkit-progress-bar { background: var(--line); } progress::-webkit-progress-value { background: var(--accent); border-radius: 1rem; } progress::-moz-progress-bar { background: var(--accent); }
        .progress-line { display: flex; align-items: center; justify-content: space-between; gap: .75rem; font-size: .9375rem; font-variant-numeric: tabular-nums; }
        .preview img { display: block; max-width: 100%; max-height: 12rem; border-radius: .5rem; border: 1px solid var(--line); margin-top: .5rem; }
        #use { margin-top: .5rem; }
        .refusal { margin-top: 1.25rem; border: 1px solid var(--bad-line); background: var(--bad-soft); border-radius: .625rem; padding: 1rem; }
        .refusal h3 { color: var(--bad); } .refusal p { margin-top: .25rem; overflow-wrap: anywhere; } .refusal details { margin-top: .5rem; } .refusal summary { color: var(--bad); }
        pre { background: var(--code); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; font: .8125rem/1.5 var(--mono); overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 20rem; }
        .command > div { display: flex; align-items: center; justify-content: space-between; margin-bottom: .25rem; }
        .wide > .quiet { margin-bottom: .75rem; }
        footer { padding-top: 1.25rem; padding-bottom: 2rem; color: var(--quiet); font-size: .875rem; } footer code { font: .875em var(--mono); overflow-wrap: anywhere; }
        .noscript { max-width: 68rem; margin: 0 auto; padding: 1rem; }
        .hidden { position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0; }
        .skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem .75rem; border-radius: .5rem; z-index: 2; }
        @media (prefers-reduced-motion: no-preference) { button, .rule, .drop label { transition: background-color .12s, border-color .12s; } }
        @media (forced-colors: active) { .rule:has(:checked) { outline: 2px solid Highlight; } }
        """#
}
