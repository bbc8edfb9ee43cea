using System.Text.Json;

using Parcae.Cli.Forecasting;
using Parcae.Liveput.Forecasting.Backtesting;

namespace Parcae.Client.Tests.Forecasting;

public sealed class ForecastCommandTests
{
    [Fact]
    public async Task Every_forecaster_gets_a_row_with_its_error_skill_and_calibration()
    {
        var (code, output, error) = await CommandRun.RunAsync("forecast --trace LADP --look-ahead 4");
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("aws-p3:LADP: intervals 1 to 60 forecast 4 ahead, all of the past shown, at most 24 instances", output, StringComparison.Ordinal);
        foreach (string name in (string[])["persistence", "arima", "artifact-arima", "holt", "survival", "ensemble"])
            Assert.Single(output.Split('\n'), l => l.TrimStart().StartsWith(name + " ", StringComparison.Ordinal));
        string persistence = output.Split('\n').First(l => l.Contains("persistence", StringComparison.Ordinal));
        Assert.Equal(["0.00", "0.00", "0.00"], persistence.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4..7]);
        Assert.DoesNotContain("●", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_gets_a_picture_of_the_best()
    {
        var (code, output, _) = await CommandRun.RunAsync("forecast --trace aws-p3 --from 330 --to 390 --forecast persistence,survival --look-ahead 6", terminal: true);
        Assert.Equal(0, code);
        Assert.Contains("ahead: ● what came", output, StringComparison.Ordinal);
        Assert.Contains("┤", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JSON_is_one_document_with_scores_overall_and_by_distance()
    {
        var (code, output, error) = await CommandRun.RunAsync("forecast --trace bursts:7,intervals=60 --from 20 --to 50 --forecast survival --look-ahead 3 --history 15 --json", terminal: true);
        Assert.Equal((0, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        var root = json.RootElement;
        Assert.Equal((20, 50, 3, 15), (root.GetProperty("from").GetInt32(), root.GetProperty("to").GetInt32(), root.GetProperty("lookAhead").GetInt32(), root.GetProperty("history").GetInt32()));
        var only = Assert.Single(root.GetProperty("forecasters").EnumerateArray());
        Assert.Equal("survival", only.GetProperty("forecaster").GetString());
        Assert.Equal(30 + 29 + 28, only.GetProperty("scores").GetProperty("forecasts").GetInt32());
        Assert.Equal(3, only.GetProperty("byAhead").GetArrayLength());
    }

    [Theory]
    [InlineData("svg", 12)]
    [InlineData("png", 100)]
    public async Task A_picture_has_a_panel_for_each_forecaster(string kind, int lookAhead)
    {
        string folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;
        try
        {
            string file = Path.Combine(folder, $"bands.{kind}");
            var (code, output, error) = await CommandRun.RunAsync($"forecast --trace LADP --forecast persistence,holt --look-ahead {lookAhead} --plot {file} --json");
            Assert.Equal((0, ""), (code, error));
            using var json = JsonDocument.Parse(output);
            string content = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            if (kind == "svg") Assert.All((string[])["Forecasts of aws-p3:LADP", ">persistence<", ">holt<", "12 intervals ahead"], text => Assert.Contains(text, content, StringComparison.Ordinal));
            else Assert.Contains("PNG", content[..8], StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("forecast --plot bands.gif", "--plot: 'bands.gif' is not valid; it must be a file that ends in .svg or .png.")]
    [InlineData("forecast --forecast prophet", "--forecast: 'prophet' is not a forecaster; it must be one of persistence, arima, artifact-arima, holt, survival, ensemble, or all.")]
    [InlineData("forecast --forecast ,", "--forecast: ',' names no forecaster")]
    [InlineData("forecast --trace nowhere.csv", "--trace: 'nowhere.csv' is neither a built-in trace nor a file")]
    [InlineData("forecast --look-ahead 0", "--look-ahead: '0' is not valid; it must be a whole number from 1 to 1000.")]
    [InlineData("forecast --from 600 --to 500", "--from: 600 is not valid; it must be under 500")]
    [InlineData("forecast --to 1", "--trace: aws-p3 up to interval 1 is too short; it must have 2 intervals at least.")]
    public async Task Wrong_usage_says_what_was_wrong_and_exits_with_2(string line, string message)
    {
        var (code, output, error) = await CommandRun.RunAsync(line);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_shows_counts_over_the_bands()
    {
        ForecastBands[] bands = [new(4, 10, 10, 9, 11, 8, 12, 7, 13), new(5, 12, 10, 10, 10, 9, 10, 9, 11)];
        Assert.Equal(
            [
                "    12┤░●",
                "    11┤▒",
                "    10┤●▒",
                "     9┤▒░",
                "     8┤░",
                "      └──",
                "       4 5",
            ],
            BandChart.Lines(bands, 80));
    }
}
