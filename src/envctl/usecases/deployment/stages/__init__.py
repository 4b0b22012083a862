"""The stages of a deployment, each with its description and its run, and the pipeline that puts them in order."""
