"""The commands `risk-model policy`: is this policy sound, what does it say, who signed it, what does a new one
change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from risk_model import terminal
from risk_model.errors import FindingError, UserError
from risk_model.options import AsJson

if TYPE_CHECKING:
    from risk_model.policy import Policy, Signature

app = typer.Typer(
    name="policy",
    no_args_is_help=True,
    help="Check, show, sign and compare the file by which children are put in order.",
)

PolicyFile = Annotated[Path, typer.Argument(help="A policy file, such as policies/devon.yaml.")]
TrustedKeys = Annotated[
    Path | None,
    typer.Option(
        "--trusted-keys",
        envvar="EARLY_SUPPORT_TRUSTED_KEYS",
        help="A .pub file or a folder of them: whose signatures count here.",
    ),
]


@app.command()
def check(policy_file: PolicyFile, trusted_keys: TrustedKeys = None, as_json: AsJson = False) -> None:
    """Prove that no need can lower a child and that neither lane can starve; exit 1 if it cannot be proved."""
    try:
        rules, signature = _load(policy_file, trusted_keys)
    except UserError as error:
        raise FindingError(str(error)) from error
    combinations = _combinations(rules)
    if as_json:
        terminal.show_json(
            {"policy": rules.id, "version": rules.version, "proved": True, **signature.as_facts()}
        )
        return
    terminal.say(
        f"{rules.id} {rules.version} may be used. {combinations:,} combinations of facts were tried:"
    )
    terminal.say("  no recorded need, and no “not known” in place of “no”, lowers a child;")
    terminal.say("  the time lane gets its share whatever arrives, and its order never moves.")
    terminal.say(_signed(signature))


@app.command()
def show(
    policy_file: Annotated[
        Path | None, typer.Argument(help="A policy file; the default if left out.")
    ] = None,
    trusted_keys: TrustedKeys = None,
    as_json: AsJson = False,
) -> None:
    """Say in words what a policy does: tiers and rules, lanes, overrides, feeds, and who signed it."""
    from risk_model.policy import DEFAULT_POLICY, describing

    rules, signature = _load(policy_file or DEFAULT_POLICY, trusted_keys)
    if as_json:
        terminal.show_json(rules.model_dump(mode="json") | {"signature": signature.as_facts()})
        return
    terminal.say(f"{rules.title} ({rules.id} {rules.version})")
    terminal.say(_signed(signature))
    for title, rows in describing.tables(rules).items():
        terminal.show_table(pl.DataFrame(rows), title)
    for sentence in describing.sentences(rules):
        terminal.say(sentence)


@app.command()
def sign(
    policy_file: PolicyFile,
    key: Annotated[Path, typer.Option("--key", help="Your private Ed25519 key; it is read and never kept.")],
) -> None:
    """Sign every byte of a policy file that already says your name and the day; writes FILE.sig beside it."""
    from risk_model import policy
    from risk_model.policy import signing

    rules, content = policy.load(policy_file)
    signature = signing.sign(content, rules, key)
    beside = policy_file.with_name(policy_file.name + signing.SUFFIX)
    beside.write_bytes(signature)
    terminal.say(
        f"Signed by {rules.signed_by}, {rules.signed_on}: {beside}. Key {signing.signed_with(signature)}. It counts "
        "where your public key is trusted."
    )


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The policy in use.")],
    new: Annotated[Path, typer.Argument(help="The policy that may follow it.")],
    as_json: AsJson = False,
) -> None:
    """Say what changes between two policies, and what of it can move a child; exit 1 if anything can."""
    from risk_model import policy
    from risk_model.policy import describing

    changes = describing.changes(policy.load(old)[0], policy.load(new)[0])
    moving = sum(change["moves"] for change in changes)
    if as_json:
        terminal.show_json({"old": old.name, "new": new.name, "moves": moving, "changes": changes})
    elif changes:
        rows = [change | {"moves": "can move a child" if change["moves"] else ""} for change in changes]
        terminal.show_table(pl.DataFrame(rows), f"From {old.name} to {new.name}")
        terminal.say(f"{moving} of {len(changes)} changes can move a child.")
    else:
        terminal.say(f"{old.name} and {new.name} say the same.")
    if moving:
        raise typer.Exit(terminal.FINDING)


@app.command()
def calendar(
    worklist: Annotated[
        Path, typer.Argument(help="Folder of one run, such as workspace/worklists/2026-11-20-r1.")
    ],
    out: Annotated[
        Path, typer.Argument(help="The CSV file to write, for `risk-model prioritise --calendar`.")
    ],
) -> None:
    """Draft a capacity calendar from the pace of a run, for whoever plans the services to correct."""
    from risk_model import policy
    from risk_model import worklist as worklists
    from risk_model.policy import capacity

    run = worklists.load(worklist)
    rules = policy.read((worklist / "policy.yaml").read_bytes(), "policy.yaml")
    drafted = capacity.draft_calendar(run.provenance["services"], rules.reviews.every_days)
    drafted.write_csv(out)
    terminal.say(
        f"A draft for {drafted['service_id'].n_unique()} services is in {out}: the pace of the last half year. Correct "
        "it, with holidays and summer: a list made with it promises dates."
    )


def _load(policy_file: Path, trusted_keys: Path | None) -> tuple[Policy, Signature]:
    from risk_model import policy
    from risk_model.policy import signing

    rules, content = policy.load(policy_file)
    trusted = signing.trusted_keys(trusted_keys)
    return rules, signing.check(content, rules, signing.beside(policy_file), trusted)


def _combinations(rules: Policy) -> int:
    from risk_model.policy import proof

    return sum(proof.combinations(rule, rules).height for rule in rules.rules)


def _signed(signature: Signature) -> str:
    facts: dict[str, Any] = signature.as_facts()
    if signature.is_signed:
        return f"Signed by {facts['signed_by']}, {facts['signed_on']} (key {facts['signed_with']})."
    return f"Draft policy, not signed: {facts['why_draft']}."
