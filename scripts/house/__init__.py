"""What only this site wants: kinds of page, rules of style and claims, terms."""
