use Greeting;

say text;
