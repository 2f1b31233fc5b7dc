"""Reads the treatment knowledge once, at start, and refuses to go on with a file that is not right."""

from hashlib import sha256
from pathlib import Path

from cards.knowledge.checks import Names, offer_problems, predicate_problems, problems
from cards.knowledge.fingerprint import fingerprint
from cards.knowledge.in_force import in_force
from cards.knowledge.index import Knowledge as Knowledge
from cards.knowledge.index import triggers as triggers
from cards.knowledge.offers import read_offers
from cards.knowledge.overlay import FOLDERS, read_overlay
from cards.knowledge.release import read_release
from cards.knowledge.risks import read_risks
from cards.knowledge.seed import read_seed
from cards.knowledge.site_values import as_site_has_it, refuse_unknown, reviewed
from cards.knowledge.statement_file import cases_file as cases_file
from cards.knowledge.statement_file import read_file
from cards.knowledge.statements import Statement
from cards.knowledge.strict_yaml import KnowledgeFileError

HOME = Path(__file__).parent


def load_knowledge(
    home: Path = HOME,
    *,
    terms: Names | None = None,
    overlay: Path | None = None,
    require_approval: bool = False,
) -> Knowledge:
    """The statements under `home`, as a site's `overlay` folder changes them, and those that it adds.

    With `terms`, every class, ingredient and value set a statement names must exist. `require_approval`: only
    what a clinician has approved is in force. Switch-offs end on a day, so ask the result for `on(day)`; by
    itself it has none in force. Raises KnowledgeFileError naming file, line and field.
    """
    site, release = read_overlay(overlay), read_release(home)
    risks, offers = read_risks(home), read_offers(home)
    information = {key: line.says for key, line in read_seed(home).information.items()}
    for name, offer in offers.items():
        for wrong in offer_problems(offer, terms):
            raise KnowledgeFileError(f"offers.yaml: {name}: {wrong}")
    for name, listed in risks.items():
        for predicate in (one for risk in listed for one in risk.when.predicates):
            for wrong in predicate_problems(predicate, frozenset(risks), terms):
                raise KnowledgeFileError(f"risks.yaml: {name}: {wrong}")

    def beside(made: Statement) -> tuple[object, ...]:
        """What a statement names, and a card shows."""
        risk_set = getattr(made.rule, "risk_set", "")
        shown = [offers[name] for name in made.offers], information.get(made.information)
        return (made.drug, made.sources, risks.get(risk_set), *shown)

    statements: dict[str, Statement] = {}
    for folder in (home, *((overlay,) if overlay else ())):
        for path in knowledge_files(folder):
            for written, shipped in read_file(path, folder):
                raw, made, error = as_site_has_it(written, shipped, site, of_site=folder is overlay)
                if made.id in statements:
                    raise KnowledgeFileError(f"{path.name}: statement id {made.id} is used twice")
                if made.information and made.information not in information:
                    raise error(f"no information {made.information} in seed.yaml", "information")
                for member, problem in problems(made, risks, offers, terms):
                    raise error(problem, *member)
                statements[made.id] = reviewed(made, fingerprint(raw, *beside(made)), site)
    for statement in statements.values():
        for other in statement.supersedes:
            if other not in statements:
                raise KnowledgeFileError(
                    f"{statement.file}: {statement.id} supersedes {other}, which is no id"
                )
    refuse_unknown(site, statements)
    return in_force(
        Knowledge(
            statements=statements,
            version=_version(home, release.version, site.version),
            release=release.version,
            overlay=site.version,
            risks=risks,
            offers=offers,
            information=information,
            policy=site.policy,
            require_approval=require_approval,
            unused_approvals=tuple(sorted(site.approvals.keys() - statements.keys())),
        )
    )


def knowledge_files(home: Path = HOME) -> list[Path]:
    """The statement files, without their cases."""
    return [
        path
        for folder in FOLDERS
        for path in sorted((home / folder).glob("*.yaml"))
        if not path.name.endswith(".cases.yaml")
    ]


def _version(home: Path, release: str, overlay: str) -> str:
    """The release with a digest of all files that decide what is said, and the overlay's version."""
    digest = sha256()
    for path in (*sorted(home.glob("*.yaml")), *knowledge_files(home)):
        digest.update(path.read_bytes())
    own = digest.hexdigest()[:12]
    base = f"{release}+{own}" if release else own
    return f"{base}.site-{overlay}" if overlay else base
