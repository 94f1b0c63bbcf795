"""The kit that pages are built with: rendering, headers, cookies, form tokens, errors.

Invariant: no page is sent without its policy, no cookie is believed twice, no text of a stranger is printed unescaped.
Only `web`, `flows`, `staff` and `app` know Flask. The first headings (`h1`) and the names of fields are interface, and
change only with a changelog line; in English:

    sign_in       Sign in               fields user_id, password, shared_device = yes, form_token;
                  action = sign_in | cancel
    locked        Signing in is paused
    slow_down     One moment, please    fields challenge, answer, form_token; form id work
    change_password  Choose a new password   fields new_password, form_token; action = change | cancel | strength
    recover       Forgot user ID or password    fields choice = password | user_id, identifier, form_token
                  (This account is locked, This password cannot be used any more: where a sign-in ends there)
    recover_code  Check your mail       fields code, form_token
    recover_link  Choose a new password fields code (in another browser), token, form_token
    recover_factor  Your second step      fields way, code, passkey, form_token; action = verify | send
    reset_password  Choose a new password   fields new_password, sign_out = yes, form_token; action = strength, or none
    reset_done    Your password is changed
    user_ids      Your user IDs
    verify_factor  Enter the code from your app, Get a code by text, Enter the code from the text, Use your passkey,
                  Use a recovery code   fields way, code, passkey, remember = yes, form_token; action = verify | send |
                  cancel
    verify_factor_ways  Another way to confirm that it is you
    enrol_factor  Add a second step     fields form_token; action = cancel
    enrol_factor_totp  Add an authenticator app    fields kind, name, code, form_token; action = add
    enrol_factor_passkey  Add a passkey  fields passkey, name, form_token; action = passkey
    enrol_factor_sms  Add codes by text  fields kind, phone, code, form_token; action = send | add
    recovery_codes  Keep these recovery codes    fields form_token; action = saved
    own_factor    the name of the device  fields name, also_last = yes, form_token; action = rename | remove
    own_recovery_codes  New recovery codes  fields form_token; action = renew
    consent       Allow access          fields form_token; action = allow | cancel
    sign_out      Sign out?             fields form_token; action = sign_out | stay
    signed_out    You are signed out
    form_post     Back to the app       the response's own parameters; form id form-post
    account_home  Your account          fields form_token; action = sign_out | not_now
    account_methods  Sign-in methods, account_new_phone  Got a new phone?, account_activity  Recent activity
    account_sessions  Devices and sessions  fields sid, form_token; action = end | end_others
    account_apps  Apps with access      fields app, form_token; action = withdraw
    account_shared  Contracts and shared access       fields share, form_token; action = accept | decline | end
    close_account  Close your account   fields form_token; action = close | keep
    close_account_done  Your account will be closed
    share_contract  Share a contract    fields number, address, permission, until, form_token
    account_details  Contact and mails  fields language, new_device_mail = yes, phrase, form_token
    account_email  New e-mail address   fields email, code, form_token; action = ask | confirm | cancel
    change_own_password  Change your password    fields current_password, new_password, sign_out = yes, form_token;
                  action = strength, or none
    password_done  Your password is changed
    lock_down     This wasn’t me        fields token (from a mail), form_token
    lock_down_done  Your account is locked
    demo_home     See it work in five steps
    demo_connect  Connect your app
    demo_mailbox  Mailbox
    error         the headings of idp.web.error_words
"""
