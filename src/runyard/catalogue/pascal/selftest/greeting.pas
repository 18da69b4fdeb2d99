unit greeting;

interface

const
  Text = 'héllo ✓';

implementation

end.
