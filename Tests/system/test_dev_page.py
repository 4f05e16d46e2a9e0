"""The page of `postern dev` in Chromium: files are chosen and dropped as people do, and what it shows, says and stores is looked at."""

import json
import re

import pytest

from harness.browser import Browser
from harness.dev import Dev
from harness.pictures import png
from harness.waiting import until

DESKTOP, PHONE = (1280, 900), (390, 844)
# What the browser itself writes for a refused request.
EXPECTED = re.compile(r"error: Failed to load resource: the server responded with a status of 4\d\d ")


@pytest.fixture(scope="module")
def browser():
    with Browser() as started:
        yield started


@pytest.fixture(scope="module")
def dev(tmp_path_factory, logs):
    running = Dev(tmp_path_factory.mktemp("dev-page"), logs, "dev-page")
    yield running
    running.process.kill()
    running.process.wait()


@pytest.fixture
def page(browser, dev):
    yield opened(browser, dev)
    browser.slow_down(None)
    assert [each for each in browser.complaints if not EXPECTED.match(each)] == []


def opened(browser: Browser, dev: Dev, size=DESKTOP, dark: bool = False) -> Browser:
    browser.complaints.clear()
    browser.view(*size, dark=dark)
    browser.open(f"http://127.0.0.1:{dev.port}/")
    until("the rules are shown", lambda: browser.run("document.querySelectorAll('.rule').length"), seconds=60)
    return browser


def picture(width: int = 32, noise: int = 0) -> bytes:
    """A PNG; with noise, so many bytes after it that no program reads."""
    return png(width, width, lambda x, y: (40, 120, 160)) + bytes(noise)


@pytest.fixture
def files(tmp_path):
    """Two pictures, one that is too large, a text, and a folder with two pictures in it."""
    contents = {"one.png": picture(), "two.png": picture(64), "large.png": picture(noise=5 * 1024**2), "notes.txt": b"hello",
                "album/a.png": picture(16), "album/deep/b.png": picture(8)}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def rows(browser: Browser) -> list[tuple[str, str]]:
    """Name and state of each file in the list."""
    return [tuple(each) for each in browser.run("[...document.querySelectorAll('#files > li')].map((row) => [row.querySelector('.name').textContent, row.dataset.state])")]


def choose(browser: Browser, *paths):
    browser.run("document.getElementById('announcer').textContent = ''")
    browser.choose("#file-input", *paths)
    until("the files are added", lambda: "added." in browser.run("document.getElementById('announcer').textContent"), seconds=60)
    painted(browser)


def painted(browser: Browser):
    """Waits until what has changed is shown, which is with the next frame."""
    browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def click(browser: Browser, selector: str):
    browser.run(f"document.querySelector({json.dumps(selector)}).click()")


def row(name: str) -> str:
    """An expression for the row of a file."""
    return f"[...document.querySelectorAll('#files > li')].find((row) => row.querySelector('.name').textContent === {json.dumps(name)})"


def upload(browser: Browser):
    click(browser, "#upload")
    finished(browser)


def finished(browser: Browser):
    painted(browser)
    until("the uploads have ended", lambda: browser.run("!document.querySelector('li[data-state=running], li[data-state=waiting]')"), seconds=60)


def text(browser: Browser, element: str) -> str:
    return browser.run(f"document.getElementById('{element}').innerText")


def test_files_are_uploaded_and_what_does_not_fit_is_said_before(page, dev, files):
    choose(page, files / "one.png", files / "two.png", files / "large.png", files / "notes.txt")
    until("all are judged", lambda: len(rows(page)) == 4, seconds=60)
    assert rows(page) == [("one.png", "ready"), ("two.png", "ready"), ("large.png", "refused"), ("notes.txt", "refused")]
    assert text(page, "counts") == "2 to upload · 2 do not fit the rule" and text(page, "upload") == "Upload 2 files"
    assert "too large" in page.run(f"{row('large.png')}.innerText") and "text/plain" in page.run(f"{row('notes.txt')}.innerText")
    until("there are thumbnails", lambda: page.run("document.querySelectorAll('#files canvas').length") == 3, seconds=60)
    upload(page)
    assert text(page, "counts") == "2 stored · 2 do not fit the rule" and text(page, "announcer") == "2 files stored."
    assert text(page, "rate").endswith("stored in 2 files") and page.run("document.getElementById('overall').ariaValueNow") == "100"
    for name in ("one.png", "two.png"):
        key = page.run(f"{row(name)}.querySelector('.state').textContent").removeprefix("Stored as ")
        assert key.startswith("images/dev-user/")
        assert (dev.folder / "dev" / "files" / "example-uploads" / key).read_bytes() == (files / name).read_bytes()
        link = page.run(f"{row(name)}.querySelector('a').href")
        assert link == f"http://127.0.0.1:{dev.store_port}/example-uploads/{key}"
        assert dev.get(link.split(str(dev.store_port))[1], port=dev.store_port).body == (files / name).read_bytes()


def test_a_refused_file_can_be_tried_and_the_answer_is_shown(page, files):
    choose(page, files / "notes.txt")
    until("it is judged", lambda: rows(page) == [("notes.txt", "refused")], seconds=60)
    assert page.run("document.getElementById('upload').ariaDisabled") == "true" and text(page, "upload") == "Upload"
    click(page, "#files .act")
    finished(page)
    shown = page.run(f"{row('notes.txt')}.innerText")
    assert rows(page) == [("notes.txt", "failed")] and "may not be uploaded here" in shown and "Answer of Postern: 422 content-type-not-allowed" in shown
    assert text(page, "announcer").startswith("notes.txt: ")
    # Under another rule it fits.
    click(page, "input[name=rule][value=documents]")
    click(page, "#files .act")
    finished(page)
    assert rows(page) == [("notes.txt", "stored")]


def test_what_was_signed_is_shown(page, files):
    choose(page, files / "one.png")
    upload(page)
    page.run(f"{row('one.png')}.querySelector('details').open = true")
    shown = until("the details are filled", lambda: (found := page.run(f"{row('one.png')}.querySelector('details').innerText")).count("\n") > 5 and found, seconds=60)
    size = (files / "one.png").stat().st_size
    assert f"exactly {size} bytes" in shown and "for 5 min, until " in shown and "image/png" in shown
    policy = json.loads(page.run(f"{row('one.png')}.querySelectorAll('pre')[0].textContent"))
    assert ["content-length-range", size, size] in policy["conditions"]
    assert "X-Amz-Signature" in json.loads(page.run(f"{row('one.png')}.querySelectorAll('pre')[1].textContent"))


def test_the_store_s_refusal_is_shown_in_plain_words(page, files):
    """A ticket that was changed on its way."""
    page.run("""(() => { const plain = window.fetch; window.fetch = async (url, options) => {
        const answer = await plain(url, options);
        if (!String(url).endsWith("/v1/tickets")) return answer;
        const ticket = await answer.json();
        ticket.fields["X-Amz-Signature"] = "0".repeat(64);
        return new Response(JSON.stringify(ticket), {status: 201, headers: {"Content-Type": "application/json"}}); }; })()""")
    choose(page, files / "one.png")
    upload(page)
    shown = page.run(f"{row('one.png')}.innerText")
    assert rows(page) == [("one.png", "failed")] and "The signature does not match" in shown and "Answer of the store: 403 signature-mismatch" in shown


def test_the_user_can_be_switched(page, files):
    click(page, "input[name=user][value=second-user]")
    choose(page, files / "one.png")
    upload(page)
    assert page.run(f"{row('one.png')}.querySelector('.state').textContent").startswith("Stored as images/second-user/")
    page.run("document.getElementById('by-hand').open = true")
    assert "The token is second-user’s" in text(page, "by-hand-text") and "postern upload example.png --rule images" in text(page, "command-upload")


def test_metadata_goes_with_the_file(page, dev, files):
    click(page, "input[name=rule][value=documents]")
    page.run("document.getElementById('metadata-album').focus()")
    page.type("summer")
    choose(page, files / "notes.txt")
    upload(page)
    link = page.run(f"{row('notes.txt')}.querySelector('a').href")
    assert dev.get(link.split(str(dev.store_port))[1], port=dev.store_port).headers["x-amz-meta-album"] == "summer"


def test_files_and_folders_are_dropped(page, files):
    x, y = page.run("(({x, y, width, height}) => [x + width / 2, y + height / 2])(document.getElementById('drop').getBoundingClientRect())")
    page.drop(x, y, files / "album", files / "one.png")
    until("all are listed", lambda: sorted(rows(page)) == [("album/a.png", "ready"), ("album/deep/b.png", "ready"), ("one.png", "ready")], seconds=60)
    assert not page.run("document.body.classList.contains('over')")
    upload(page)
    assert text(page, "counts") == "3 stored"


def test_the_same_file_again(page, files):
    """Choose one, drop another, choose the first again: it is in the list already; once it is stored it can be uploaded anew."""
    choose(page, files / "one.png")
    page.drop(*page.run("(({x, y}) => [x + 9, y + 9])(document.getElementById('drop').getBoundingClientRect())"), files / "two.png")
    until("both are listed", lambda: len(rows(page)) == 2, seconds=60)
    choose(page, files / "one.png")
    until("it is said", lambda: text(page, "note") == "1 file is in the list already.", seconds=60)
    assert len(rows(page)) == 2
    upload(page)
    choose(page, files / "one.png")
    until("it is a third one", lambda: [state for _, state in rows(page)] == ["stored", "stored", "ready"], seconds=60)


def test_an_upload_is_cancelled_and_retried_and_the_focus_stays(page, dev, files):
    folder = dev.folder / "dev" / "files" / "example-uploads" / "images"
    before = sum(1 for each in folder.rglob("*") if each.is_file()) if folder.exists() else 0
    slow = files / "slow.png"
    slow.write_bytes(picture(noise=4 * 1024**2))
    page.slow_down(100_000)
    choose(page, slow)
    page.run("document.getElementById('upload').focus()")
    click(page, "#upload")
    until("it is on its way", lambda: page.run("Number(document.querySelector('#files [role=progressbar]').ariaValueNow) > 0"), seconds=60)
    assert page.run("document.activeElement.id") == "upload"
    assert re.search(r"^[\d.]+ (bytes|KiB|MiB) of 4 MiB$", page.run(f"{row('slow.png')}.querySelector('.state').textContent"))
    until("speed and time are told", lambda: re.search(r"^.* of 4 MiB · .*/s · .* left$", text(page, "rate")), seconds=60)
    page.run("document.querySelector('#files .act').focus()")
    click(page, "#files .act")
    until("it is cancelled", lambda: rows(page) == [("slow.png", "cancelled")], seconds=60)
    assert page.run("document.activeElement === document.querySelector('#files .act') && document.activeElement.textContent") == "Retry"
    assert text(page, "announcer") == "1 cancelled."
    page.slow_down(None)
    page.run("document.activeElement.click()")
    finished(page)
    assert rows(page) == [("slow.png", "stored")]
    assert page.run("document.activeElement.textContent") == "Open", "Retry has become Cancel and is gone: the link is next"
    assert sum(1 for each in folder.rglob("*") if each.is_file()) == before + 1


def test_all_are_cancelled_at_once_and_the_list_is_cleared(page, files):
    for index in range(5):
        (files / f"s{index}.png").write_bytes(picture(noise=1024**2 + index))
    page.slow_down(50_000)
    choose(page, *(files / f"s{index}.png" for index in range(5)))
    until("all are listed", lambda: len(rows(page)) == 5, seconds=60)
    click(page, "#upload")
    until("three are on their way", lambda: [state for _, state in rows(page)] == ["running"] * 3 + ["waiting"] * 2, seconds=60)
    click(page, "#cancel-all")
    until("all are cancelled", lambda: {state for _, state in rows(page)} == {"cancelled"}, seconds=60)
    assert text(page, "retry-all") == "Retry 5 files" and page.run("document.getElementById('cancel-all').ariaDisabled") == "true"
    click(page, "#clear")
    until("the list is empty", lambda: rows(page) == [] and not page.run("document.getElementById('empty').hidden"), seconds=60)
    assert page.run("document.activeElement.id") == "choose"


def test_a_thousand_files(page, files):
    """A hundred rows are shown, and more when they are wanted."""
    page.run("""(() => { const chosen = new DataTransfer();
        for (let index = 0; index < 1000; index += 1) chosen.items.add(new File([String(index)], `${index}.png`, {type: "image/png"}));
        const input = document.getElementById("file-input"); input.files = chosen.files; input.dispatchEvent(new Event("change")); })()""")
    until("they are counted", lambda: text(page, "counts") == "1,000 to upload", seconds=60)
    assert len(rows(page)) == 100 and text(page, "more") == "Show 100 more of 900" and text(page, "upload") == "Upload 1,000 files"
    page.run("document.getElementById('more').focus(); document.activeElement.click()")
    assert len(rows(page)) == 200 and page.run("document.activeElement.closest('li').querySelector('.name').textContent") == "100.png"
    click(page, "#upload")
    until("some are stored", lambda: page.run("document.querySelectorAll('li[data-state=stored]').length") > 3, seconds=60)
    click(page, "#cancel-all")
    finished(page)
    click(page, "input[name=filter][value=problems]")
    until("only problems are shown", lambda: {state for _, state in rows(page)} == {"cancelled"} and len(rows(page)) == 100, seconds=60)
    click(page, "input[name=filter][value=stored]")
    until("only stored files are shown", lambda: {state for _, state in rows(page)} == {"stored"}, seconds=60)


def test_no_name_does_harm(browser, dev, page):
    opened(browser, dev, PHONE)
    names = ["<img src=x onerror=hit=1>.png", "\"'&lt;b&gt;.png", "a\u202egnp.png", "\u05e9\u05dc\u05d5\u05dd.png", "x" * 300 + ".png", "..png", "e" + "\u0301" * 100 + ".png"]
    page.run(f"""(() => {{ const chosen = new DataTransfer();
        for (const name of {json.dumps(names)}) chosen.items.add(new File(["x"], name, {{type: "image/png"}}));
        const input = document.getElementById("file-input"); input.files = chosen.files; input.dispatchEvent(new Event("change")); }})()""")
    until("all are listed", lambda: [name for name, _ in rows(page)] == names, seconds=60)
    upload(page)
    assert {state for _, state in rows(page)} == {"stored"}
    assert page.run("typeof hit") == "undefined" and page.run("document.querySelectorAll('img, [onerror], main script').length") == 0
    assert page.run("document.documentElement.scrollWidth") == PHONE[0]


def test_what_is_wrong_with_the_rules_is_shown_and_the_page_follows(page, dev):
    """Without a reload; the choice of a rule is kept."""
    file = dev.folder / "dev" / "tenants" / "example.yaml"
    text_before = file.read_text()
    page.run("window.same = document.body")
    click(page, "input[name=rule][value=documents]")
    try:
        file.write_text(text_before.replace("maxSize: 5MiB", "maxSize: 5M"))
        until("the problem is shown", lambda: "1 problem in example.yaml" in text(page, "problems"), seconds=60)
        line = text_before[:text_before.index("maxSize: 5MiB")].count("\n") + 1
        shown = text(page, "problems")
        assert f"example.yaml:{line}:14" in shown and "“5M” is not a size; write 5MB or 5MiB" in shown and "stays in force" in shown
        assert page.run("document.querySelector('#problems mark').textContent") == "5M" and "1 problem" in text(page, "announcer")
        assert "up to 5 MiB" in text(page, "rules"), "the rules before are in force"
        file.write_text(text_before.replace("maxSize: 5MiB", "maxSize: 6MiB") + "  notes:\n    keyPrefix: notes/{user}/\n    contentTypes: [text/plain]\n    maxSize: 1KiB\n    expiry: 1m\n")
        until("the rules follow", lambda: "up to 6 MiB" in text(page, "rules") and "notes" in text(page, "rules"), seconds=60)
        until("nothing is wrong", lambda: page.run("document.getElementById('problems').hidden"), seconds=60)
        assert page.run("window.same === document.body && document.querySelector('input[name=rule]:checked').value") == "documents"
    finally:
        file.write_text(text_before)
    until("all is as before", lambda: "notes" not in text(page, "rules"), seconds=60)


def test_a_rule_with_a_parameter(page, dev, files):
    file = dev.folder / "dev" / "tenants" / "example.yaml"
    before = file.read_text()
    try:
        file.write_text(before + "  cases:\n    keyPrefix: cases/{user}/{case}/\n    parameters: {case: digits}\n    contentTypes: [text/plain]\n    maxSize: 1KiB\n    expiry: 1m\n")
        until("the rule is there", lambda: "cases" in text(page, "rules"), seconds=60)
        click(page, "input[name=rule][value=cases]")
        choose(page, files / "notes.txt")
        click(page, "#upload")
        assert page.run("document.activeElement.id") == "parameters-case" and page.run("document.activeElement.ariaInvalid") == "true"
        assert text(page, "announcer") == "case must be 1 to 20 digits." and rows(page) == [("notes.txt", "ready")]
        page.type("42")
        upload(page)
        assert page.run(f"{row('notes.txt')}.querySelector('.state').textContent").startswith("Stored as cases/dev-user/42/")
    finally:
        file.write_text(before)


def test_it_says_when_postern_does_not_answer(browser, dev, tmp_path, logs):
    other = Dev(tmp_path, logs, "dev-page-gone")
    opened(browser, other)
    assert other.stop() == 0
    until("it is said", lambda: not browser.run("document.getElementById('lost').hidden"), seconds=60)
    assert "Postern does not answer" in text(browser, "lost") and text(browser, "announcer") == "Postern does not answer."
    again = Dev(tmp_path, logs, "dev-page-back", other.ports)
    until("it goes on", lambda: browser.run("document.getElementById('lost').hidden"), seconds=60)
    assert text(browser, "announcer") == "Postern answers again."
    assert again.stop() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_and_can_be_read(browser, dev, files, size, dark):
    """With something of everything on it."""
    file = dev.folder / "dev" / "tenants" / "example.yaml"
    before = file.read_text()
    opened(browser, dev, size, dark)
    try:
        file.write_text(before.replace("maxSize: 5MiB", "maxSize: 5M"))
        choose(browser, files / "one.png", files / "large.png")
        upload(browser)
        choose(browser, files / "two.png", files / "notes.txt")
        browser.run(f"{row('notes.txt')}.querySelector('.act').click()")
        finished(browser)
        browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
        until("the problem is shown", lambda: not browser.run("document.getElementById('problems').hidden"), seconds=60)
        assert {state for _, state in rows(browser)} == {"stored", "refused", "ready", "failed"}
        assert browser.run("[document.documentElement.scrollWidth, innerWidth]") == [size[0], size[0]]
        assert browser.run("""[...document.querySelectorAll('body *')].filter((each) => each.checkVisibility() && !each.closest('.hidden, .skip, svg, pre')
            && each.getBoundingClientRect().right > innerWidth + 0.5).map((each) => each.outerHTML.slice(0, 100))""") == []
        contrasts = browser.contrasts()
        assert len(contrasts) > 40 and contrasts[0][0] >= 4.5, contrasts[:5]
        background = browser.run("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", background))) < 200) == dark
    finally:
        file.write_text(before)
    until("it is gone", lambda: browser.run("document.getElementById('problems').hidden"), seconds=60)


def test_a_phone_shows_what_comes_of_an_upload(browser, dev, files):
    opened(browser, dev, PHONE)
    choose(browser, files / "one.png")
    click(browser, "#upload")
    finished(browser)
    until("the list is in view", lambda: 0 <= browser.run("document.querySelector('#files li').getBoundingClientRect().top") < PHONE[1] - 100, seconds=60)


def test_it_can_be_used_by_keyboard(page, files):
    choose(page, files / "one.png", files / "notes.txt")
    until("both are listed", lambda: len(rows(page)) == 2, seconds=60)
    page.run("document.activeElement.blur(); scrollTo(0, 0)")
    reached = []
    for _ in range(30):
        page.press("Tab")
        reached.append(page.run("document.activeElement.id || document.activeElement.name || document.activeElement.className || document.activeElement.nodeName"))
        assert reached[-1] == "BODY" or page.run("""(() => { const each = document.activeElement, label = each.closest('.segments label') ?? each;
            return getComputedStyle(label).outlineStyle !== 'none'; })()"""), f"the focus is not seen on {reached[-1]}"
        if reached[-1] == "BODY":
            break
    for wanted in ("skip", "user", "rule", "choose", "choose-folder", "upload", "cancel-all", "clear", "plain act", "plain remove", "SUMMARY"):
        assert wanted in reached, (wanted, reached)
    assert reached.index("rule") < reached.index("choose") < reached.index("upload") < reached.index("plain remove")
    # A row that is removed leaves the focus on the next one, and the last one on the button.
    page.run(f"(() => {{ const button = {row('one.png')}.querySelector('.remove'); button.focus(); button.click(); }})()")
    assert page.run("document.activeElement.closest('li').querySelector('.name').textContent") == "notes.txt"
    page.run("document.querySelector('#files .remove').focus(); document.activeElement.click()")
    assert page.run("document.activeElement.id") == "choose"


def test_everything_has_a_role_and_a_name(page, files):
    choose(page, files / "one.png", files / "notes.txt")
    until("both are listed", lambda: len(rows(page)) == 2, seconds=60)
    page.slow_down(1000)
    click(page, "#upload")
    until("one is on its way", lambda: ("one.png", "running") in rows(page), seconds=60)
    tree = page.accessibility_tree()
    controls = {"button", "link", "radio", "textbox", "progressbar", "checkbox"}
    assert [each for each in tree if each[0] in controls and not each[1].strip()] == []
    roles = [role for role, _ in tree]
    for role in ("banner", "main", "contentinfo", "status", "list", "listitem"):
        assert role in roles, role
    for wanted in (("heading", "Postern"), ("heading", "Upload"), ("heading", "Files"), ("group", "Rule"), ("group", "Upload as"), ("radio", "dev-user"),
                   ("progressbar", "All files"), ("progressbar", "one.png"), ("button", "Cancel"), ("button", "Try anyway"), ("button", "Choose a folder")):
        assert wanted in tree, (wanted, [each for each in tree if each[0] == wanted[0]])
    assert any(role == "radio" and name.startswith("images up to 5 MiB") for role, name in tree)
    assert page.run("document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')].map((each) => each.id)).size")
    click(page, "#cancel-all")
