using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;
using Parcae.Grains;

namespace Parcae.Examples.TrainText;

/// <summary>A run on one page: what was trained, its loss curve, and what it writes.</summary>
internal sealed class RunReport(
    JobSpec spec, string description, long parameters, IReadOnlyList<StepResult> results, IReadOnlyList<(string Prompt, string Text)> samples, TimeSpan took)
{
    /// <summary>Writes the page and its files.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var csv = new StringBuilder("step,loss,validation_loss,gradient_norm\n");
        foreach (var r in results) csv.Append(CultureInfo.InvariantCulture, $"{r.Step},{Number(r.Loss)},{(r.ValidationLoss is { } v ? Number(v) : "")},{Number(r.GradientNorm)}\n");
        File.WriteAllText(Path.Combine(folder, "losses.csv"), csv.ToString());
        using (var svg = File.Create(Path.Combine(folder, "loss.svg"))) new SvgExporter { Width = 900, Height = 420 }.Export(Plot(), svg);
        File.WriteAllText(Path.Combine(folder, "README.md"), Page());
    }

    private static string Number(double value) => double.IsNaN(value) ? "" : value.ToString("R", CultureInfo.InvariantCulture);

    private PlotModel Plot()
    {
        var plot = new PlotModel { Background = OxyColors.White, PlotAreaBorderColor = OxyColors.LightGray };
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "step", Minimum = 0, Maximum = spec.Training.Steps!.Value, MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = OxyColor.FromRgb(235, 235, 235) });
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Left, Title = "loss, nats per byte", Minimum = 0, MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = OxyColor.FromRgb(235, 235, 235) });
        plot.Legends.Add(new Legend { LegendPosition = LegendPosition.RightTop });
        var training = new LineSeries { Title = "training", Color = OxyColor.FromRgb(120, 170, 220), StrokeThickness = 0.8 };
        training.Points.AddRange(results.Where(r => !double.IsNaN(r.Loss)).Select(r => new DataPoint(r.Step, r.Loss)));
        var validation = new LineSeries { Title = "validation", Color = OxyColor.FromRgb(200, 60, 40), StrokeThickness = 1.8, MarkerType = MarkerType.Circle, MarkerSize = 2.5 };
        validation.Points.AddRange(results.Where(r => r.ValidationLoss is not null).Select(r => new DataPoint(r.Step, r.ValidationLoss!.Value)));
        plot.Series.Add(training);
        plot.Series.Add(validation);
        return plot;
    }

    private string Page()
    {
        var t = spec.Training;
        var validations = results.Where(r => r.ValidationLoss is not null).Select(r => r.ValidationLoss!.Value).ToArray();
        long tokens = (long)t.Steps!.Value * t.GlobalBatch * spec.Model.SequenceLength;
        var page = new StringBuilder();
        void Line(FormattableString text) => page.AppendLine(text.ToString(CultureInfo.InvariantCulture));
        Line($"# {t.Steps} steps of a small GPT on the default text");
        Line($"");
        Line($"{description}; {parameters:N0} parameters (the output head is the token embedding). The text is the English API documentation of the .NET SDK, one token per byte; its last {spec.Data.ValidationFraction:P0} are kept from training for validation. API documentation repeats itself, so some of that part stands elsewhere too in much the same words: the validation loss is not that of unseen prose.");
        Line($"{t.GlobalBatch} samples of {spec.Model.SequenceLength} bytes a step in {t.MicroBatches} micro-batches, {tokens / 1e6:0.0} million bytes in all; AdamW, learning rate up to {t.LearningRate} after {t.WarmupSteps} steps, then a cosine to {t.FinalLearningRate}; float32; seed {t.Seed}.");
        Line($"");
        Line($"Made on {DateTime.UtcNow:yyyy-MM-dd} by `dotnet run -c Release --project examples/TrainText -- FOLDER {t.Steps}`, one process with one Torch thread on a shared machine ({RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores): {took.TotalMinutes:0} minutes.");
        Line($"");
        Line($"![Training and validation loss over the steps](loss.svg)");
        Line($"");
        Line($"Validation loss: {validations[0]:0.000} nats per byte before the first step, {validations[^1]:0.000} after the last ({validations[^1] / Math.Log(2):0.00} bits per byte). Every step is in [losses.csv](losses.csv).");
        Line($"");
        Line($"## What it writes");
        Line($"");
        Line($"Three prompts, continued by 400 bytes each: temperature 0.8, the 40 likeliest bytes, seed 1, the first draw each, nothing picked. It has learnt the turns of phrase of API documentation, its punctuation and many names; other words it misspells or makes up, and what it says means little, as is to be expected of this size and length of training.");
        foreach (var (prompt, text) in samples)
        {
            Line($"");
            Line($"```text");
            page.Append(prompt).AppendLine(text.TrimEnd());
            Line($"```");
        }

        return page.ToString();
    }
}
