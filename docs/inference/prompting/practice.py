"""A chat template in Jinja2, the language in which Transformers keeps them, run in a sandbox as there."""

from jinja2 import Environment
from jinja2.sandbox import ImmutableSandboxedEnvironment

# --8<-- [start:template]
TEMPLATE = """\
{%- for message in messages %}
<|{{ message.role }}|>
{{ message.content }}<|end|>
{%- endfor %}
{%- if add_generation_prompt %}
<|assistant|>
{% endif %}"""


def render(messages: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
    """What the tokenizer gets. A template comes with a model's files, so it runs in a sandbox."""
    sandbox = ImmutableSandboxedEnvironment(keep_trailing_newline=True)
    template = sandbox.from_string(TEMPLATE)
    text = template.render(messages=messages, add_generation_prompt=add_generation_prompt)
    return text.lstrip("\n")
    # --8<-- [end:template]


# --8<-- [start:fault]
def pasted(review: str) -> str:
    """The fault: what a user wrote becomes part of the program."""
    return Environment().from_string("Review: " + review).render(secret="4711")


def passed(review: str) -> str:
    """The cure: it is a value, which Jinja2 does not run."""
    return Environment().from_string("Review: {{ review }}").render(review=review, secret="4711")
    # --8<-- [end:fault]


if __name__ == "__main__":
    print(render([{"role": "user", "content": "Is cold tea good?"}]))
    print(pasted("{{ secret }}"), "|", passed("{{ secret }}"))
