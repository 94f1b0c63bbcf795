"""What people do: a file for each journey, named as a person would say it; Flask pages, thin.

Pages never send to one another. Each ends by returning to the dispatcher, which asks `next_step` what is still
missing. A step is done when the journey holds a proof made by the function that verified it; until nothing is missing
only the journey exists: no session, no cookie of one, no code.
"""
