"""The pygame window in which a digit is drawn and its reading explained."""
