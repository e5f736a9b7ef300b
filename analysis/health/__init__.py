"""Do the parts keep their roles? Measures, probes, information, and a verdict with its evidence."""
