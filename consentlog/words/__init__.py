"""What a text message says about contact: pure functions over versioned data (rules of refusal 11).

`engine` judges; `lexicon` is what it judges with, filled by `consentlog.reference.words`.
"""

from consentlog.words.engine import judge
from consentlog.words.lexicon import Judgement, Verdict, Words

__all__ = ["Judgement", "Verdict", "Words", "judge"]
