"""Who may use Runyard, and how they prove who they are.

Libraries for cryptography are imported where they are used: a program that runs by `runyard run`
needs none of them, and they take longer to load than everything else of this package.
"""
