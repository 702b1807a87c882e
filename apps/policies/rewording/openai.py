"""A model behind any endpoint that speaks OpenAI's protocol."""

import json

from openai import AsyncOpenAI
from pydantic import BaseModel, Field
from pydantic_ai import Agent, NativeOutput, UsageLimits
from pydantic_ai.exceptions import AgentRunError, UserError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from .client import ModelFailed, Reworded
from .prompt import EXAMPLES, INSTRUCTIONS, MAX_SENTENCES

REQUESTS = 2
MAX_TOKENS = 4_000


class Rewriting(BaseModel):
    """Sentences of the controlled language, or a question."""

    sentences: list[str] = Field(max_length=MAX_SENTENCES)
    question: str = Field(default="", max_length=300)


class OpenAICompatible:
    """Rewords by a chat model; its answer is held to a schema, the temperature is 0."""

    def __init__(self, *, url: str, name: str, key: str, seconds: float) -> None:
        client = AsyncOpenAI(base_url=url, api_key=key or "none", timeout=seconds, max_retries=1)
        model = OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client))
        self._agent = Agent(
            model,
            output_type=NativeOutput(Rewriting, strict=True),
            instructions=f"{INSTRUCTIONS}\n\nExamples:\n{_examples()}",
            model_settings=ModelSettings(temperature=0.0, max_tokens=1_000, seed=1),
            retries=1,
        )

    def reword(self, intent: str) -> Reworded:
        """Return the intent in other words; ModelFailed if the model cannot be reached or read."""
        limits = UsageLimits(request_limit=REQUESTS, total_tokens_limit=MAX_TOKENS)
        try:
            run = self._agent.run_sync(intent, usage_limits=limits)
        except (AgentRunError, UserError) as error:
            raise ModelFailed("The model gave no answer that can be used.") from error
        except Exception as error:
            raise ModelFailed("The model did not answer.") from error
        said = run.output
        sentences = tuple(" ".join(one.split()) for one in said.sentences if one.strip())
        return Reworded(sentences, said.question.strip(), run.usage.total_tokens)


def _examples() -> str:
    return "\n".join(
        f"Intent: {intent}\nAnswer: {json.dumps({'sentences': sentences, 'question': question})}"
        for intent, sentences, question in EXAMPLES
    )
