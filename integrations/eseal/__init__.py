"""Electronic seals. A seal of an authority comes from the national unified e-seal system only
(国务院令第716号, GB/T 38540-2020); what we make ourselves is a test seal and says so.
"""
