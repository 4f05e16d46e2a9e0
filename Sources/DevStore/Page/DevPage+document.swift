// SPDX-License-Identifier: Apache-2.0

extension DevPage {
    /// The page without its style, its script and its settings: `render` puts those at the three marks.
    static let document = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Postern: try an upload</title>
        <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath fill='%231c5c58' d='M4 30V14C4 7.4 9.4 2 16 2s12 5.4 12 12v16z'/%3E%3Cpath fill='%23f3c969' d='M10 30V16a6 6 0 0 1 12 0v14z'/%3E%3C/svg%3E">
        <style>{{style}}</style>
        </head>
        <body>
        <a class="skip" href="#file">Skip to the upload</a>
        <header>
          <svg class="mark" viewBox="0 0 32 32" width="40" height="40" aria-hidden="true" focusable="false">
            <path class="wall" d="M4 30V14C4 7.4 9.4 2 16 2s12 5.4 12 12v16z"/>
            <path class="door" d="M10 30V16a6 6 0 0 1 12 0v14z"/>
            <circle class="knob" cx="19" cy="23" r="1.3"/>
          </svg>
          <div class="title">
            <h1>Postern</h1>
            <p>Files go straight to the store. Postern only signs the ticket that lets them in.</p>
          </div>
          <p class="chips"><span class="chip" id="tenant"></span><span class="chip quiet">this machine only</span></p>
        </header>
        <main>
          <section class="card" aria-labelledby="h-form">
            <h2 id="h-form">Upload a file</h2>
            <form id="form" novalidate>
              <fieldset class="rules">
                <legend>Rule</legend>
                <div id="rules"><p class="quiet">Asking Postern what you may upload…</p></div>
              </fieldset>
              <div class="drop" id="drop">
                <input type="file" id="file" class="hidden" aria-describedby="file-hint">
                <label for="file">
                  <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true" focusable="false"><path d="M12 16V4m0 0L7 9m5-5 5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3"/></svg>
                  <span><strong>Choose a file</strong> <span class="wide-only">or drop it here</span></span>
                  <span class="quiet" id="file-hint"></span>
                </label>
              </div>
              <div class="chosen" id="chosen" hidden>
                <div class="thumb" id="thumb" aria-hidden="true"></div>
                <div class="chosen-text"><p class="name" id="chosen-name"></p><p class="quiet" id="chosen-facts"></p></div>
                <button type="button" class="plain" id="clear" aria-label="Remove the chosen file">Remove</button>
              </div>
              <p class="hint" id="forecast" hidden></p>
              <div id="metadata"></div>
              <details class="trial">
                <summary>Try to stretch the ticket</summary>
                <label for="trick">Once the ticket is signed, send</label>
                <select id="trick">
                  <option value="">what the ticket is for</option>
                  <option value="larger">one byte more than it allows</option>
                  <option value="empty">an empty file</option>
                  <option value="type">another Content-Type (text/html)</option>
                  <option value="key">another key (someone else’s folder)</option>
                  <option value="field">a field more (acl: public-read)</option>
                  <option value="policy">a policy that was changed</option>
                  <option value="signature">a signature that was changed</option>
                </select>
                <p class="quiet">The store should refuse all but the first. Or take only a ticket, choose another file, and upload that with it.</p>
              </details>
              <div class="actions">
                <button type="submit" class="primary" id="upload">Upload</button>
                <button type="button" id="take">Only take a ticket</button>
              </div>
            </form>
          </section>
          <section class="card" aria-labelledby="h-way">
            <h2 id="h-way">What happens</h2>
            <ol class="steps">
              <li id="step-ticket" data-state="idle">
                <h3>Ticket</h3>
                <p class="state" id="ticket-state">Postern checks the rule and signs exactly one upload.</p>
                <div id="ticket" hidden>
                  <dl id="ticket-facts"></dl>
                  <details><summary>What was signed</summary><pre id="policy" tabindex="0"></pre></details>
                  <p><button type="button" id="use">Upload with this ticket</button></p>
                </div>
              </li>
              <li id="step-upload" data-state="idle">
                <h3>Upload</h3>
                <p class="state" id="upload-state">The browser sends the file to the store, not to Postern.</p>
                <div id="progress" hidden>
                  <progress id="bar" max="100" value="0" aria-labelledby="progress-text"></progress>
                  <p class="progress-line"><span id="progress-text"></span><button type="button" class="plain" id="cancel">Cancel</button></p>
                </div>
              </li>
              <li id="step-stored" data-state="idle">
                <h3>Stored</h3>
                <p class="state" id="stored-state">The store judges form and file against the ticket and keeps the file.</p>
                <div id="stored" hidden><div class="preview" id="preview"></div><dl id="stored-facts"></dl></div>
              </li>
            </ol>
            <div id="alert" role="alert"></div>
          </section>
          <section class="card wide" aria-labelledby="h-curl">
            <h2 id="h-curl">The same with curl</h2>
            <p class="quiet">In the folder of the file. The second command reads the ticket that the first one wrote.</p>
            <div class="command"><div><h3 id="h-curl-1">1. Ticket</h3><button type="button" class="plain" data-copy="curl-ticket">Copy<span class="hidden"> the ticket command</span></button></div><pre id="curl-ticket" tabindex="0" aria-labelledby="h-curl-1"></pre></div>
            <div class="command"><div><h3 id="h-curl-2">2. Upload</h3><button type="button" class="plain" data-copy="curl-upload">Copy<span class="hidden"> the upload command</span></button></div><pre id="curl-upload" tabindex="0" aria-labelledby="h-curl-2"></pre></div>
          </section>
        </main>
        <footer><dl id="places"></dl></footer>
        <p class="hidden" role="status" aria-live="polite" id="announcer"></p>
        <noscript><p class="noscript">This page needs JavaScript; the curl commands that <code>postern dev</code> printed do not.</p></noscript>
        <script type="application/json" id="settings">{{settings}}</script>
        <script>{{script}}</script>
        </body>
        </html>

        """#
}
