"""Tests of the Cedar agent that runs on other machines."""
