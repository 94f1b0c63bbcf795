"""An OpenID Connect issuer that finance apps delegate login to.

The chapters are listed in the design's house plan: ``flows`` is what people do, ``oidc`` what apps call,
``acts`` what touches several chapters, and ``storage`` is the ground floor. Imports go downwards only.
"""

__version__ = "0.1.0"
