using System.Text.Json;

using Parcae.Cli.Commands;
using Parcae.Cli.Demo.Results;
using Parcae.Grains;

namespace Parcae.Client.Tests.Demo;

public sealed class DemoResultTests
{
    [Fact]
    public void The_json_document_keeps_its_contract()
    {
        var result = new DemoResult
        {
            JobId = "demo-1",
            Model = "GPT",
            Parameters = 1000,
            Steps = 2,
            GlobalBatch = 16,
            FirstLoss = 5.5,
            FinalLoss = 5.25,
            Losses = [5.5, 5.25],
            WallSeconds = 1.5,
            Instances = new InstanceCounts(4, 2, 6),
            Preemptions = new PreemptionCounts(3, 2),
            Generations = [GenerationResult.Of(Generation(MigrationKind.Start)), GenerationResult.Of(Generation(MigrationKind.IntraStage))],
            SamplesCommitted = 32,
            SamplesLost = 0,
            SamplesRepeated = 0,
            StepsReplayed = 1,
            StepsSkipped = 0,
            ValidationLoss = null,
            Chaos = new ChaosResult(3, 2, new() { ["mid-switch"] = 1, ["before-forward"] = 1 }, new() { ["kill"] = 2 }),
            Reference = new ReferenceResult(5.25, 0),
            ReportPath = "/tmp/r.html",
        };
        const string Generation1 = """{"number":7,"cause":"i-0004 lost without notice","kind":"KIND","strategy":"2 x 3","atStep":12,"pauseMs":212.5,"prepareMs":90,"bytesMoved":3200000}""";
        string golden = """
            {"jobId":"demo-1","model":"GPT","parameters":1000,"steps":2,"globalBatch":16,"firstLoss":5.5,"finalLoss":5.25,"losses":[5.5,5.25],"wallSeconds":1.5,
            "instances":{"start":4,"min":2,"max":6},"preemptions":{"noticed":3,"unannounced":2},
            "generations":[
            """ + Generation1.Replace("KIND", "start", StringComparison.Ordinal) + "," + Generation1.Replace("KIND", "intraStage", StringComparison.Ordinal) + """
            ],"samplesCommitted":32,"samplesLost":0,"samplesRepeated":0,"stepsReplayed":1,"stepsSkipped":0,"validationLoss":null,"chaos":{"ordered":3,"struck":2,"byPoint":{"before-forward":1,"mid-switch":1},"byKind":{"kill":2}},"reference":{"finalLoss":5.25,"maxLossDifference":0},"reportPath":"/tmp/r.html"}
            """;
        Assert.Equal(Compact(golden), Compact(result.ToJson()));
        Assert.Contains("\"reference\": null", (result with { Reference = null }).ToJson());
        Assert.Contains("\"chaos\": null", (result with { Chaos = null }).ToJson());
    }

    [Fact]
    public void Losses_that_are_not_numbers_are_null_in_the_document()
    {
        var history = new JobHistory
        {
            Spec = new JobSpec(),
            Generations = [],
            Steps = [Step(0, 5.5) with { ValidationLoss = 5.25 }, Step(1, double.NaN) with { GradientNorm = double.NaN }],
            Intervals = [],
            Ledger = new JobLedger { SamplesCommitted = 32, StepsSkipped = 1 },
            Outline = new ModelOutline { Description = "GPT, as a worker says", Layers = [], StateBytesPerParameter = 12, Parameters = 77 },
        };
        var result = DemoResult.Of("demo-1", history, [4], new PreemptionCounts(0, 0), 1, "/tmp/r.html") with { Reference = new ReferenceResult(1, double.PositiveInfinity) };
        using var json = JsonDocument.Parse(result.ToJson());
        var root = json.RootElement;
        Assert.Equal([JsonValueKind.Number, JsonValueKind.Null], root.GetProperty("losses").EnumerateArray().Select(l => l.ValueKind));
        Assert.Equal(JsonValueKind.Null, root.GetProperty("finalLoss").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("reference").GetProperty("maxLossDifference").ValueKind);
        Assert.Equal((1, 5.25), (root.GetProperty("stepsSkipped").GetInt32(), root.GetProperty("validationLoss").GetDouble()));
        Assert.Equal(("GPT, as a worker says", 77), (root.GetProperty("model").GetString(), root.GetProperty("parameters").GetInt64()));
    }

    [Fact]
    public void A_status_with_a_loss_that_is_not_a_number_is_a_document_too()
    {
        using var text = new StringWriter();
        JsonOutput.Write(text, new JobStatus
        {
            JobId = "j",
            Phase = JobPhase.Training,
            Loss = double.NaN,
            Ledger = new JobLedger { StepsSkipped = 3 },
            StageTimings = [new InstanceTiming("i-1", new StageTiming(0, 5, 1.5, 0.5, 0, 0.25))],
        });
        using var json = JsonDocument.Parse(text.ToString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("loss").ValueKind);
        Assert.Equal(3, json.RootElement.GetProperty("skippedSteps").GetInt32());
        Assert.Equal(0.5, json.RootElement.GetProperty("stageTimings")[0].GetProperty("timing").GetProperty("pipelineWaitSeconds").GetDouble());
    }

    [Theory]
    [InlineData(MigrationKind.Start, "start")]
    [InlineData(MigrationKind.Resume, "resume")]
    [InlineData(MigrationKind.IntraStage, "intraStage")]
    [InlineData(MigrationKind.InterStage, "interStage")]
    [InlineData(MigrationKind.Pipeline, "pipeline")]
    public void Kinds_are_written_in_camel_case(MigrationKind kind, string text) => Assert.Equal(text, GenerationResult.Of(Generation(kind)).Kind);

    [Fact]
    public void A_loss_that_differs_in_one_bit_is_a_difference()
    {
        StepResult[] run = [Step(0, 5.5), Step(1, 5.25)];
        Assert.True(Verification.Compare(run, [Step(0, 5.5), Step(1, 5.25)]).Same);
        var other = Verification.Compare(run, [Step(0, 5.5), Step(1, Math.BitIncrement(5.25))]);
        Assert.False(other.Same);
        Assert.Equal((1, 0, 1), (other.DifferentLosses, other.DifferentData, other.FirstDifference));
        Assert.InRange(other.MaxLossDifference, double.Epsilon, 1e-15);
    }

    [Fact]
    public void Other_data_and_missing_steps_are_differences()
    {
        Assert.False(Verification.Compare([Step(0, 5.5)], [Step(0, 5.5) with { DataChecksum = 9 }]).Same);
        var missing = Verification.Compare([Step(0, 5.5), Step(1, 5)], [Step(0, 5.5)]);
        Assert.False(missing.Same);
        Assert.Equal(double.PositiveInfinity, missing.MaxLossDifference);
    }

    private static StepResult Step(int step, double loss) => new(step, loss, 1, (ulong)step, 16, 0.1);

    private static GenerationRecord Generation(MigrationKind kind) => new()
    {
        Number = 7,
        Cause = "i-0004 lost without notice",
        Kind = kind,
        Pipelines = 2,
        Depth = 3,
        AtStep = 12,
        PauseMilliseconds = 212.5,
        PrepareMilliseconds = 90,
        BytesMoved = 3_200_000,
        StepsReplayed = 0,
        At = DateTimeOffset.UnixEpoch,
        Liveput = 1,
        Source = "peers",
    };

    private static string Compact(string json) => JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(json));
}
