"""What an applicant touches: the kiosk, the ticket and its QR code, the page on the phone."""
