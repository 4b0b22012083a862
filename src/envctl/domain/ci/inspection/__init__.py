"""Findings of `envctl doctor --ci`: facts about a job, its roles and the settings of a forge become verdicts."""
