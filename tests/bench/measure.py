"""Loads, samples, alternating rounds, and the table they end in."""
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Optional

from programs import WRK, Failed


@dataclass
class Sample:
    requests: int
    rate: float
    cpu: Optional[float] = None  # microseconds of the server for each request
    p50: Optional[float] = None  # microseconds
    p99: Optional[float] = None
    statuses: dict = field(default_factory=dict)


def say(text):
    print(text, file=sys.stderr, flush=True)


def in_micros(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]


def cpu_of(server, before, requests):
    return (server.cpu_micros() - before) / requests if server and requests else None


def run_program(command, seconds=60):
    """What it printed, when it ended well."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise Failed(f"{Path(command[0]).name} ended with status {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def run_wrk(server, path, connections, seconds, token=None):
    command = [WRK, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    before = server.cpu_micros()
    done = run_program([*command, server.url + path], seconds + 30)
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", done)
    if not found or "Non-2xx" in done:
        raise Failed(f"{server.name} did not answer 200: {done}")
    requests, took = int(found[1]), in_micros(found[2] + found[3]) / 1e6
    percentile = dict(re.findall(r"^\s+(50|99)%\s+(\S+)$", done, re.M))
    return Sample(requests, requests / took, cpu_of(server, before, requests), in_micros(percentile["50"]),
                  in_micros(percentile["99"]))


class Load:
    """load_bench, begun; result() waits for its end."""

    binary = None  # set by run

    def __init__(self, server, connections, seconds, **options):
        words = [self.binary, "--port", str(server.port), "--connections", str(connections), "--seconds", str(seconds)]
        for name, value in options.items():
            words += [f"--{name}", str(value)]
        self.server, self.seconds = server, seconds
        self.before = server.cpu_micros()
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def result(self, expected=("200",)):
        try:
            out, _ = self.process.communicate(timeout=self.seconds + 60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed("load_bench did not end") from None
        if self.process.returncode:
            raise Failed(f"load_bench ended with status {self.process.returncode}")
        said = json.loads(out)
        if not set(said["statuses"]) <= set(expected) or not said["requests"]:
            raise Failed(f"{self.server.name} answered {said['statuses']} instead of {expected}")
        return Sample(said["requests"], said["requests"] / said["seconds"],
                      cpu_of(self.server, self.before, said["requests"]), said["p50_us"], said["p99_us"],
                      said["statuses"])


def run_load(server, connections, seconds, expected=("200",), **options):
    return Load(server, connections, seconds, **options).result(expected)


def run_durable(binary, kind, directory, threads, seconds, *more):
    said = json.loads(run_program([binary, kind, directory, threads, seconds, *more], seconds + 60))
    return Sample(said["requests"], said["requests"] / said["seconds"], said["cpu_us"] / max(1, said["requests"]))


def alternate(rounds, contestants):
    """Each contestant once a round, the order turning, so that what disturbs the machine disturbs all of them.

    contestants: name -> function that returns a Sample. Returns name -> Samples, one a round.
    """
    names = list(contestants)
    samples = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            samples[name].append(contestants[name]())
    return samples


def ratios(ours, peers, what="rate"):
    return [getattr(a, what) / getattr(b, what) for a, b in zip(ours, peers)]


def micros(value):
    if value is None:
        return "?"
    return f"{value:,.0f} µs" if value < 10_000 else f"{value / 1000:,.1f} ms"


def size(value):
    return f"{value / 1024:,.1f} KiB" if value < 1 << 20 else f"{value / (1 << 20):,.0f} MiB"


def rates(samples, latency=False):
    """ "98,200/s, 9.5 µs" and, where the load was closed, its percentiles."""
    text = f"{median(s.rate for s in samples):,.0f}/s"
    if samples[0].cpu is not None:
        text += f", {median(s.cpu for s in samples):.1f} µs CPU"
    if latency and samples[0].p99 is not None:
        text += f", p50 {micros(median(s.p50 for s in samples))}, p99 {micros(median(s.p99 for s in samples))}"
    return text


def ratio_text(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def spread(values):
    if len(values) == 1:
        return ratio_text(values[0])
    return f"**{ratio_text(median(values))}** ({ratio_text(min(values))}..{ratio_text(max(values))})"


@dataclass
class Row:
    operation: str
    ours: str
    peer: str = "-"
    ratio: str = "-"
    budget: str = "-"
    met: Optional[bool] = None


def compare(operation, ours, peer_name, peers, least=None, most=None, what="rate", latency=False, note=None):
    """A row for two lists of Samples from the same rounds. `least` and `most` bound the median ratio."""
    values = ratios(ours, peers, what)
    text = spread(values)
    if what == "rate" and ours[0].cpu and peers[0].cpu:
        text += f"; CPU {ratio_text(median(ratios(ours, peers, 'cpu')))}"
    budget, met = "-", None
    if least is not None:
        budget, met = f"at least {least:g}", median(values) >= least
    if most is not None:
        budget, met = f"at most {most:g}", median(values) <= most
    return Row(operation, rates(ours, latency), f"{peer_name}: {rates(peers, latency)}", text,
               f"{budget} {note}" if note else budget, met)


class Table:
    def __init__(self, heading):
        self.heading = heading
        self.rows = []
        self.notes = []

    def add(self, row):
        self.rows.append(row)
        say(f"  {row.operation}: {row.ours} | {row.peer} | {row.ratio} | {row.budget}"
            f"{'' if row.met is None else ' | met' if row.met else ' | NOT MET'}")

    def note(self, text):
        self.notes.append(text)
        say(f"  note: {text}")

    def markdown(self):
        lines = [self.heading, "", "| operation | latchkey | peer | latchkey : peer | budget | met |",
                 "|---|---|---|---|---|---|"]
        for row in self.rows:
            met = "-" if row.met is None else "yes" if row.met else "**no**"
            lines.append(f"| {row.operation} | {row.ours} | {row.peer} | {row.ratio} | {row.budget} | {met} |")
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines) + "\n"
