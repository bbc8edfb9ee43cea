using System.Globalization;
using Parcae.Examples.TrainText;

// Trains a small GPT on the default text in this one process, without any service: dotnet run -c Release --project examples/TrainText -- FOLDER [STEPS]
if (args is not [var folder, .. var rest] || rest.Length > 1)
{
    Console.Error.WriteLine("usage: TrainText FOLDER [STEPS]");
    return 2;
}

int steps = rest is [var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 2500;
var run = new TextRun(steps);
run.Train(folder);
run.WriteReport(folder);
return 0;
