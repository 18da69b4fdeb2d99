"""The JSON of the API. Requests are pydantic models; answers are rendered to dicts directly and
described by models, which tests hold against what is rendered.
"""
