"""nn/words.py: which word an answer's ten probabilities earn, and the sentence for it."""

import numpy as np
import pytest

from nn.words import LIKELY, SURE, article, as_json, order, sentence, verdict


def spread(**shares):
    """Ten probabilities: those named, as seven=0.9, and what is left in equal parts over the others."""
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    rest = (1 - sum(shares.values())) / (10 - len(shares))
    return np.array([shares.get(name, rest) for name in names])


@pytest.mark.parametrize(
    "probabilities, word, words",
    [
        (spread(seven=0.999), "sure", "Sure."),
        (spread(seven=SURE), "sure", "Sure."),
        (spread(seven=SURE - 1e-6, one=5e-3), "likely", "Quite sure. If not, a 1."),
        (spread(seven=LIKELY), "likely", "Quite sure."),
        (spread(seven=0.93, eight=0.05), "likely", "Quite sure. If not, an 8."),
        (spread(seven=0.93, eight=0.03), "likely", "Quite sure."),
        (spread(seven=LIKELY - 1e-6), "unsure", "Unsure: a 7 or a 0."),
        (spread(one=0.4, seven=0.46), "unsure", "Unsure: a 7 or a 1."),
        (spread(one=0.46, seven=0.4), "unsure", "Unsure: a 1 or a 7."),
        (spread(eight=0.85, three=0.001), "unsure", "Unsure: an 8 or a 0."),
        (spread(one=0.4, seven=0.44), "no digit", "This doesn't look like a digit."),
        (spread(), "no digit", "This doesn't look like a digit."),
    ],
)
def test_each_word_and_its_bounds(probabilities, word, words):
    assert verdict(probabilities, 0.85) == word
    assert sentence(probabilities, 0.85) == words


def test_the_networks_threshold_is_for_the_sum_of_the_first_two():
    probabilities = spread(one=0.5, seven=0.25)
    assert verdict(probabilities, 0.75) == "unsure"
    assert verdict(probabilities, 0.751) == "no digit"
    assert verdict(spread(), 0.0) == "unsure"  # a network that never doubts
    assert verdict(spread(one=0.999), 1.0) == "no digit"  # one that doubts all


def test_in_doubt_of_how_its_ink_was_parted_a_digit_is_at_most_unsure():
    clear, letter = spread(seven=0.999), spread()
    assert verdict(clear, 0.85, "ink was left out") == "unsure"
    assert sentence(clear, 0.85, "ink was left out") == "Unsure: ink was left out."
    assert sentence(spread(one=0.46, seven=0.4), 0.85, "ink was left out") == "Unsure: a 1 or a 7."
    assert verdict(letter, 0.85, "ink was left out") == "no digit"
    said = as_json(clear, 0.85, "ink was left out")
    assert said["reading"] == "unsure" and said["looks_like_digit"] and said["doubt"] == "ink was left out"
    assert "doubt" not in as_json(clear, 0.85)


def test_order_is_from_the_likeliest_and_stable():
    assert order(np.array([0.1, 0.2, 0.1, 0, 0, 0.3, 0.1, 0.1, 0.1, 0])) == [5, 1, 0, 2, 6, 7, 8, 3, 4, 9]


def test_article():
    assert [article(8), article(1)] == ["an 8", "a 1"]
