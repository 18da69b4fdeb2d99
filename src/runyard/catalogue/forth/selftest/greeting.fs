: greeting ( -- addr u ) s" héllo ✓" ;
