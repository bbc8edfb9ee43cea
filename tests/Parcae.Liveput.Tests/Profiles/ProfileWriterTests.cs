using CsCheck;
using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Profiles;

public sealed class ProfileWriterTests : IDisposable
{
    private static readonly ProfileDocument Full = new()
    {
        Model = "né \"quoted\" \\ model",
        Source = "measured <here> & now",
        GlobalBatch = 64,
        MicroBatch = 4,
        InstanceType = "a box",
        Optimizer = "adamw",
        OptimizerStatesPerParameter = 1,
        BytesPerValue = 2,
        PipelineDepth = new ProfileDepths(1, 3, [2]),
        ExcludedPipelines = [7, 5],
        SequenceLength = 128,
        HiddenSize = 256,
        Vocabulary = 50257,
        LinkBytesPerSecond = 1.25e9,
        Prices = new InstancePrices(0.1, 0.30000000000000004),
        ModelBuildMs = new Dictionary<int, double> { [3] = 1e-7, [1] = 3 },
        RestartExtraMs = 1,
        ProcessStartMs = 2,
        RendezvousMs = 3,
        CheckpointMs = 4,
        Groups = new PipelineSetup([(4, 20.5), (0, 10)], 1.5) { ExtraMs = 0 },
        TransferMs = new Dictionary<long, double> { [1_000_000] = 10, [1000] = 0.1 },
        Layers = [new(10.5, 1, 2, 3, 4), new(1e12, 0), new(3, 1e-300)],
        Measured = [new(1, 3, 1.0 / 3, 1000.125), new(2, 1, 1e12), new(1, 1, double.Epsilon)],
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;

    public static TheoryData<string> Shipped => [.. BuiltInProfiles.Names];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_saved_is_read_again_to_the_last_bit()
    {
        string path = Path.Combine(_folder, "full.json");
        ProfileFile.Save(path, Full);
        var again = ProfileFile.ReadDocument(path);
        Same(Full, again);
        Assert.Equal(ProfileWriter.Text(Full), ProfileWriter.Text(again));
        var profile = ProfileFile.Load(path);
        Assert.Equal((1.0 / 3, 1e12, 4, 0.1), (profile.Throughput(1, 3), profile.Throughput(2, 1), profile.StateBytesPerParameter, profile.Reconfiguration!.Transfers.Milliseconds(1)));
    }

    [Fact]
    public void A_profile_without_constants_does_not_show_them()
    {
        var document = new ProfileDocument { Model = "m", GlobalBatch = 8, Layers = [new(1000, 1.5, 3)], Measured = [new(1, 1, 42.5)] };
        Assert.Equal(
            """
            {
              "$schema": "urn:parcae:profile:1",
              "model": "m",
              "globalBatch": 8,
              "optimizerStatesPerParameter": 2,
              "bytesPerValue": 4,
              "pipelines": {"excluded": []},
              "layers": [
                {"parameters": 1000, "forwardMs": 1.5, "backwardMs": 3, "optimizerMs": 0, "activationMiB": 0}
              ],
              "measured": [
                {"pipelines": 1, "depth": 1, "samplesPerSecond": 42.5}
              ]
            }

            """,
            ProfileWriter.Text(document));
        Same(document, Again(document));
    }

    [Fact]
    public void Groups_of_every_kind_are_read_again()
    {
        foreach (GroupSetup groups in (GroupSetup[])[new CommunicatorSetup(1, 2), new InstanceSetup(3.5, 4) { ExtraMs = 5 }, new PipelineSetup([(0, 1)], 0)]) Same(Full with { Groups = groups }, Again(Full with { Groups = groups }));
    }

    [Theory]
    [MemberData(nameof(Shipped))]
    public void A_shipped_profile_stands_as_it_would_be_written(string name)
    {
        string text = ProfileSchemaTests.ShippedText(name);
        Assert.Equal(text, ProfileWriter.Text(ProfileFile.ParseDocument(name, MalformedProfiles.Bytes(text))));
    }

    [Fact]
    public void What_could_not_be_read_is_not_written()
    {
        string path = Path.Combine(_folder, "wrong.json");
        Refused(Full with { GlobalBatch = 0 }, "globalBatch is 0; it must be a whole number from 1 to 1000000000.");
        Refused(Full with { Model = " " }, "model is ' '; it must be a text");
        Refused(Full with { Layers = [] }, "layers is empty;");
        Refused(Full with { Layers = [new(1, double.NaN)] }, "'N' is an invalid start of a value.");
        Refused(Full with { Layers = [new(1, double.PositiveInfinity)] }, "it is not JSON");
        Refused(Full with { Measured = [new(1, 1, 1), new(1, 1, 2)] }, "measured[1] is 1 x 1, which is measured[0] too");
        Refused(Full with { ModelBuildMs = new Dictionary<int, double>() }, "modelBuildMs.3 is missing");
        Refused(Full with { Groups = new PipelineSetup([], 1) }, "groups.steps is empty");
        Refused(Full with { TransferMs = new Dictionary<long, double> { [-1] = 1 } }, "transferMs.-1 is not a number of bytes");

        void Refused(ProfileDocument document, string problem)
        {
            string message = Assert.Throws<ArgumentException>(() => ProfileFile.Save(path, document)).Message;
            Assert.Contains(problem, message, StringComparison.Ordinal);
            Assert.StartsWith("the written profile:", message, StringComparison.Ordinal);
            Assert.False(File.Exists(path));
        }
    }

    [Fact]
    public void Any_figures_survive_being_written() =>
        Gen.Select(
            Gen.Select(Gen.Double[0, 1e12], Gen.Double[0, 1e9], Gen.Double[0, 1e9], (p, f, b) => new ProfileLayer(p, f, b, f, p)).Array[4, 8],
            Gen.Select(Gen.Int[1, 40], Gen.Int[1, 4], Gen.Double[1e-9, 1e12], (d, p, s) => new ProfileMeasurement(d, p, s, s > 1 ? 1 / s : null)).Array[1, 20],
            Gen.Double[0, 1e9].Array[4],
            Gen.Int[1, 1_000_000_000]).Sample(
            (layers, measured, builds, batch) =>
            {
                var document = new ProfileDocument
                {
                    Model = "any",
                    GlobalBatch = batch,
                    Layers = layers,
                    Measured = [.. measured.DistinctBy(m => (m.Pipelines, m.Depth))],
                    ModelBuildMs = Enumerable.Range(1, 4).ToDictionary(d => d, d => builds[d - 1]),
                };
                Same(document, Again(document));
            },
            iter: 100);

    private static ProfileDocument Again(ProfileDocument document) => ProfileFile.ParseDocument("again", MalformedProfiles.Bytes(ProfileWriter.Text(document)));

    private static void Same(ProfileDocument expected, ProfileDocument actual)
    {
        Assert.Equal(expected.Layers, actual.Layers);
        Assert.Equal(expected.Measured, actual.Measured);
        Assert.Equal(expected.ExcludedPipelines, actual.ExcludedPipelines);
        Assert.Equal(expected.ModelBuildMs?.OrderBy(b => b.Key), actual.ModelBuildMs?.OrderBy(b => b.Key));
        Assert.Equal(expected.TransferMs?.OrderBy(b => b.Key), actual.TransferMs?.OrderBy(b => b.Key));
        Assert.Equal((expected.PipelineDepth?.Min, expected.PipelineDepth?.Max), (actual.PipelineDepth?.Min, actual.PipelineDepth?.Max));
        Assert.Equal(expected.PipelineDepth?.Excluded, actual.PipelineDepth?.Excluded);
        Assert.Equal((expected.Groups as PipelineSetup)?.Steps, (actual.Groups as PipelineSetup)?.Steps);
        Assert.Equal(Rest(expected), Rest(actual));
    }

    /// <summary>What a record compares by value.</summary>
    private static ProfileDocument Rest(ProfileDocument document) => document with
    {
        Layers = [],
        Measured = [],
        ExcludedPipelines = [],
        ModelBuildMs = null,
        TransferMs = null,
        PipelineDepth = null,
        Groups = document.Groups is PipelineSetup steps ? steps with { Steps = [] } : document.Groups,
    };
}
