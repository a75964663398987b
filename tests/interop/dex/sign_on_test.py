#!/usr/bin/env python3
"""People sign in at a running server through Dex, unmodified: over HTTP, as their browsers do.

    sign_on_test.py DEX        the program dex

Unlike oidc-provider of tests/browser, Dex does not name itself in its answer and makes subjects of its own. It keeps
everything in memory: after a restart it signs with other keys. Closes with "N passed, N failed, N skipped".
"""

import html.parser
import http.client
import json
import pathlib
import secrets
import socket
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "system"))
from latchkey_server import BINARY, Tests, check, environment  # noqa: E402

PASSWORD = "correct horse"
HASH = "$2a$10$pc79b2NpJGw5dS5j5bkf/ufw12eroPCg2rd0KyCIBr0HNOQ0u7QSW"  # of PASSWORD
SESSION = "__Host-lk_session"
KEYS_PATIENCE = 90  # seconds; the server looks for keys that it does not know once a minute
ALICE = {"userID": "alice-1", "email": "alice@otter-reef.example", "username": "alice", "name": "Alice Ito",
         "groups": ["eng"]}
PEOPLE = [
    ALICE,
    {"userID": "bob-1", "email": "bob@otter-reef.example", "username": "bob", "groups": ["sales"]},
    {"userID": "carol-1", "email": "carol@otter-reef.example", "username": "carol"},
    {"userID": "eve-1", "email": "eve@elsewhere.example", "username": "eve", "groups": ["eng"]},
    {"userID": "mallory-1", "email": "olive@otter-reef.example", "username": "mallory", "groups": ["eng"],
     "emailVerified": False},
]


class Dex:
    """Dex on a port of the kernel's choice, for one client whose answers go to a callback."""

    def __init__(self, program, directory, callback):
        self.program, self.directory, self.callback = program, directory, callback
        self.secret = secrets.token_hex(16)
        self.process = None
        with socket.socket() as probe:  # the issuer has the port in it, so it must be known before
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{self.port}/dex"

    def start(self, people):
        settings = self.directory / "dex.yaml"  # JSON is YAML
        settings.write_text(json.dumps({
            "issuer": self.issuer,
            "storage": {"type": "memory"},
            "web": {"http": f"127.0.0.1:{self.port}"},
            "oauth2": {"skipApprovalScreen": True},
            "enablePasswordDB": True,
            "staticClients": [{"id": "latchkey", "name": "Latchkey", "secret": self.secret,
                               "redirectURIs": [self.callback]}],
            "staticPasswords": [{**person, "hash": HASH} for person in people],
        }))
        with open(self.directory / "dex.log", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", str(settings)], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        begin = time.monotonic()
        while time.monotonic() - begin < 30 and self.process.poll() is None:
            try:
                status, _, _ = fetch("GET", self.issuer + "/.well-known/openid-configuration")
                if status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError("Dex did not start:\n" + (self.directory / "dex.log").read_text()[-2000:])

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)


class Form(html.parser.HTMLParser):
    """The action of the first form on a page, and whether it asks for a password."""

    def __init__(self, page):
        super().__init__()
        self.action, self.names = None, set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        members = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = members.get("action")
        if tag == "input":
            self.names.add(members.get("name"))


def fetch(method, url, form=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        sent = dict(headers or {})
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, sent)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


class Browser:
    """Follows redirects and keeps cookies, for each address its own."""

    def __init__(self):
        self.cookies = {}
        self.visited = []

    def go(self, url, form=None):
        """The status, address and text of the page where this ends."""
        for _ in range(10):
            host = urllib.parse.urlsplit(url).netloc
            kept = self.cookies.setdefault(host, {})
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())} if kept else {}
            status, answered, text = fetch("GET" if form is None else "POST", url, form, headers)
            self.visited.append(url)
            for line in answered.get_all("Set-Cookie", []):
                name, value = line.split(";")[0].split("=", 1)
                if "max-age=0" in line.lower():
                    kept.pop(name, None)
                else:
                    kept[name] = value
            if status not in (302, 303):
                return status, url, text
            url, form = urllib.parse.urljoin(url, answered["Location"]), None
        raise AssertionError(f"redirects without an end: {self.visited}")


class Company:
    """A server with Dex as its provider."""

    def __init__(self, tests, program):
        self.server = tests.server("server", **{"federation.allow_http": "true",
                                                "federation.allow_networks": "127.0.0.0/8"})
        self.server.start()
        self.dex = Dex(program, self.server.directory, self.server.url + "/auth/callback")

    def command(self, *words, typed=""):
        done = subprocess.run([str(BINARY), *words, "--data-dir", str(self.server.data)], env=environment({}),
                              input=typed, capture_output=True, text=True, timeout=60, check=False)
        check(done.returncode == 0, f"latchkey {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def sign_in(self, mail, password=PASSWORD):
        """The browser of somebody who begins at the server and types a name at Dex, and where that ended."""
        browser = Browser()
        status, url, page = browser.go(self.server.url + "/auth/login?provider=dex")
        form = Form(page)
        check(status == 200 and url.startswith(self.dex.issuer), f"{status} at {url}: {page[:300]}")
        check({"login", "password"} <= form.names, f"no login form at {url}")
        return browser, browser.go(urllib.parse.urljoin(url, form.action), {"login": mail, "password": password})

    def users(self):
        with self.server.client() as client:
            listed = client.call("GET", "/api/v2/tailnet/-/users").json()["users"]
        return {user["loginName"]: user for user in listed}

    def session(self, browser):
        cookie = browser.cookies[f"127.0.0.1:{self.server.port}"].get(SESSION)
        check(cookie, "there is no session")
        status, _, text = fetch("GET", self.server.url + "/api/console/session",
                                headers={"Cookie": f"{SESSION}={cookie}"})
        check(status == 200, text)
        return json.loads(text)

    def refused(self, mail, heading, reason):
        before = self.users()
        browser, (status, _, page) = self.sign_in(mail)
        check(status == 403 and heading in page and reason in page, f"{status}: {page}")
        check(SESSION not in browser.cookies[f"127.0.0.1:{self.server.port}"], "a session was begun")
        check(self.users().keys() == before.keys(), f"somebody was made: {self.users().keys()}")


def set_up(company):
    company.dex.start(PEOPLE)
    company.command("sso", "providers", "add", "dex", "--issuer", company.dex.issuer, "--client-id", "latchkey",
                    "--domain", "otter-reef.example", "--scope", "groups", "--allowed-group", "eng",
                    typed=company.dex.secret)
    company.command("sso", "providers", "check", "dex")


def first_sign_in(company):
    browser, (status, url, page) = company.sign_in(ALICE["email"])
    check((status, url) == (200, company.server.url + "/"), f"{status} at {url}: {page}")
    check("Signed in as" in page and ALICE["email"] in page, page)
    user = company.users()[ALICE["email"]]
    check((user["role"], user["status"], user["displayName"]) == ("member", "active", "Alice Ito"), user)
    session = company.session(browser)
    check((session["userId"], session["provider"]) == (user["id"], "dex"), f"{session} {user}")


def second_sign_in(company):
    before = company.users()
    browser, (status, _, page) = company.sign_in(ALICE["email"])
    check(status == 200, page)
    check(company.session(browser)["userId"] == before[ALICE["email"]]["id"], "another person")
    check(company.users().keys() == before.keys(), company.users().keys())


def wrong_password(company):
    browser, (_, url, _) = company.sign_in(ALICE["email"], "wrong horse")
    check(url.startswith(company.dex.issuer), f"ended at {url}")
    check(SESSION not in browser.cookies[f"127.0.0.1:{company.server.port}"], "a session was begun")


def answer_twice(company):
    browser, _ = company.sign_in(ALICE["email"])
    answers = [url for url in browser.visited if "/auth/callback?" in url]
    check(len(answers) == 1 and "iss=" not in answers[0], answers)
    status, _, page = browser.go(answers[0])
    check(status == 400 and "This sign-on is over" in page, f"{status}: {page}")


def another_start(company):
    """Dex with other keys: alice has another address, and somebody else has her old one."""
    alice = company.users()[ALICE["email"]]["id"]
    company.dex.stop()
    company.dex.start([{**ALICE, "email": "a.ito@otter-reef.example"}, {**ALICE, "userID": "alice-2"}])
    begin = time.monotonic()
    while True:
        browser, (status, _, page) = company.sign_in("a.ito@otter-reef.example")
        if status == 200:
            break
        check("Signing in failed" in page, f"{status}: {page}")
        check(time.monotonic() - begin < KEYS_PATIENCE, "the new keys were not looked for")
        time.sleep(5)
    check(company.session(browser)["userId"] == alice, "another person")
    company.refused(ALICE["email"], "Nobody here has this identity", "signs in with another identity")


def main(program):
    with Tests(240) as tests:
        company = Company(tests, program)
        try:
            if tests.run("Dex is accepted as a provider, and its check finds nothing wrong", set_up, company):
                nobody = "Nobody here has this identity"
                tests.run("the first sign-in makes a member, linked to her identity", first_sign_in, company)
                tests.run("the second sign-in is the same person", second_sign_in, company)
                tests.run("a wrong password at Dex opens nothing here", wrong_password, company)
                tests.run("an answer without an issuer is used once", answer_twice, company)
                tests.run("an address of a foreign domain is nobody", company.refused,
                          "eve@elsewhere.example", nobody, "not trusted with the domain")
                tests.run("an address that Dex did not verify is nobody, although it is the owner's", company.refused,
                          "olive@otter-reef.example", nobody, "does not say that it verified")
                tests.run("who is in another group is refused", company.refused,
                          "bob@otter-reef.example", "Not in an allowed group", "none of the groups")
                tests.run("who is in no group is refused", company.refused,
                          "carol@otter-reef.example", "Not in an allowed group", "none of the groups")
                tests.run("with other keys and another address she is the same person, and who has her old address is "
                          "nobody", another_start, company)
        finally:
            company.dex.stop()
    tests.finish()


if __name__ == "__main__":
    main(sys.argv[1])
