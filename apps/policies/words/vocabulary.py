"""What people call the actions, kinds and attributes that policies name."""

from collections.abc import Mapping

# Of each action, how a sentence says it, and the kinds of thing it is done to.
ACTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "use_dependency": ("use a dependency", ("Dependency",)),
    "read_file": ("read a file", ("File",)),
    "write_file": ("write a file", ("File",)),
    "run_tool": ("run a tool", ("Tool",)),
    "read_memory": ("read memory", ("Memory",)),
    "write_memory": ("write memory", ("Memory",)),
    "read_knowledge": ("read knowledge", ("Knowledge",)),
    "propose_knowledge": ("propose knowledge", ("Knowledge",)),
    "deploy": ("deploy", ("Scope",)),
}
# Actions that stand for several when a policy says `in`.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "read": ("read_file", "read_memory", "read_knowledge"),
    "write": ("write_file", "write_memory", "propose_knowledge"),
}
KINDS: Mapping[str, str] = {
    "Scope": "a scope",
    "User": "a person",
    "Agent": "an agent",
    "Dependency": "a dependency",
    "File": "a file",
    "Tool": "a tool",
    "Memory": "memory",
    "Knowledge": "knowledge",
}
VARIABLES: Mapping[str, str] = {
    "principal": "whoever asks",
    "action": "the action",
    "resource": "what it is done to",
    "context": "the circumstances",
}
# Attributes by the variable that has them: as a noun in the middle of a sentence.
NOUNS: Mapping[tuple[str, str], str] = {
    ("context", "hour"): "the hour of the day",
    ("context", "source"): "the source of the request",
    ("context", "reason"): "the reason given",
    ("principal", "roles"): "the roles of whoever asks",
    ("principal", "owner"): "the agent's owner",
    ("principal", "name"): "the agent's name",
    ("principal", "capabilities"): "the agent's capabilities",
    ("resource", "ecosystem"): "its ecosystem",
    ("resource", "name"): "its name",
    ("resource", "version"): "its version",
    ("resource", "path"): "its path",
    ("resource", "layer"): "its layer",
    ("resource", "tags"): "its tags",
    ("resource", "kind"): "its kind",
    ("resource", "status"): "its status",
}
# Attributes that are true or false: what is said when they are true, and when false.
FACTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("context", "mfa"): ("a second factor was used", "no second factor was used"),
}
COMPARISONS: Mapping[str, str] = {
    "==": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
# Sets and records: what is said between the two sides.
BETWEEN: Mapping[str, str] = {
    "contains": "includes",
    "containsAll": "includes all of",
    "containsAny": "includes any of",
}
EXTENSIONS: Mapping[str, str] = {
    "lessThan": "is less than",
    "lessThanOrEqual": "is at most",
    "greaterThan": "is more than",
    "greaterThanOrEqual": "is at least",
    "isInRange": "is an address in",
}
