"""What a model is told: the controlled language, and examples of it."""

# Answers are kept by this number: a changed prompt asks anew.
PROMPT_VERSION = 1
MAX_SENTENCES = 10

INSTRUCTIONS = """
You reword what an administrator wants into a small controlled English. You never write policies.
Keep every name, path, version, number and place exactly as given. Add nothing that was not said.
Use only sentences of these forms, each with one matter:
- Block the <npm|PyPI|Cargo|Go|Maven> package <name> [below|above|from A to B|exactly] <version>.
- The <ecosystem> package <name> must be at least <version>.
- Every project must have a file <path>. / No file <glob> in the repository.
- <Language> files must not contain `<text>`. / Code in <glob> must not match /<RE2>/.
- <Language> files must not import <module>.
- <file> must set <dotted.key> to <value>.
- Agents|People|Everyone|<Role>s may|may not deploy | read files in <glob> | write files in <glob> |
  run the tool <name> | read|write [<layer>] memory | propose <kind>.
- Only <role>s may <action>. / Require MFA for <action>. / No deployments between <hour> and <hour>.
Roles: viewer, developer, tech lead, architect, admin. After a sentence may follow: except in the
<name> team; in the <name> organization; because <reason>; as a warning; use <name> instead.
If it could mean two things, or needs what these forms cannot say (days, approvals, licences,
environments), give no sentence and ask one short question.
""".strip()

EXAMPLES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "We got burned by that old yaml loader hole, nothing under 5.4 of pyyaml from now on",
        ("Block the PyPI package pyyaml below 5.4.",),
        "",
    ),
    (
        "bots should keep their hands off the terraform stuff in infra/, humans are fine",
        ("Agents may not write files in infra/**.",),
        "",
    ),
    (
        "I only trust the architects with shipping, and they need their phone token",
        ("Only architects may deploy.", "Require MFA for deployments."),
        "",
    ),
    ("No shipping on Fridays", (), "Policies know the hour, not the day: which hours are meant?"),
    ("kill mysql", (), "Is the client library meant, or the server?"),
)
