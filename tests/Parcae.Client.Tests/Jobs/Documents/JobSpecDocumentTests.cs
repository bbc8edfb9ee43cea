using Parcae.Grains;

namespace Parcae.Client.Tests.Jobs.Documents;

public sealed class JobSpecDocumentTests
{
    private const string Yaml = """
        # A comment.
        name: first
        model:
          preset: gpt2
          sequenceLength: 256
        data: { paths: [/data/a.txt, "/data/b c.txt"], kind: text }
        training:
          steps: 1000
          globalBatch: 32
          learningRate: 3e-4
          vault: false
        planning:
          memoryBytes: 17179869184
        """;

    private const string Json = """
        {
          "name": "first",
          "model": { "preset": "gpt2", "sequenceLength": 256 },
          "data": { "paths": ["/data/a.txt", "/data/b c.txt"], "kind": "text" },
          "training": { "steps": 1000, "globalBatch": 32, "learningRate": 3e-4, "vault": false },
          "planning": { "memoryBytes": 17179869184 }
        }
        """;

    private static readonly JobSpec Meant = new()
    {
        Name = "first",
        Model = ModelPresets.Get("gpt2") with { SequenceLength = 256 },
        Data = new DataSpec { Paths = ["/data/a.txt", "/data/b c.txt"] },
        Training = new TrainingSpec { Steps = 1000, GlobalBatch = 32, LearningRate = 3e-4, Vault = false },
        Planning = new PlanningSpec { MemoryBytes = 1L << 34 },
    };

    [Theory]
    [InlineData(Yaml)]
    [InlineData(Json)]
    public void Yaml_and_json_say_the_same(string text) => Same(Meant, JobSpecDocument.Parse(text));

    [Theory]
    [InlineData(JobSpecFormat.Json, false)]
    [InlineData(JobSpecFormat.Json, true)]
    [InlineData(JobSpecFormat.Yaml, false)]
    [InlineData(JobSpecFormat.Yaml, true)]
    public void What_is_written_reads_back_the_same(JobSpecFormat format, bool complete)
    {
        var odd = Meant with
        {
            Name = "true # \"quoted\": 'or' not\n\t[1]",
            Model = new ModelSpec { Family = "plugin", Assembly = "123", Type = "null", Settings = new() { ["a b"] = "-1", ["images"] = "~" } },
            Data = new DataSpec { Kind = "synthetic", Paths = ["", " ", "1e3", "- a", "{x}", "ä😀", "line\\n"] },
            Training = Meant.Training with { Epsilon = 1e-300, WeightDecay = 0.1 + 1e-16 },
            Sharing = new SharingSpec { Submitter = "yes" },
        };
        string text = JobSpecDocument.Write(odd, format, complete);
        Assert.Equal(format, JobSpecDocument.Detect(text));
        Same(odd, JobSpecDocument.Parse(text));
    }

    [Fact]
    public void Only_what_differs_from_its_default_is_written_unless_all_is_wanted()
    {
        Assert.Equal("{}\n", JobSpecDocument.Write(new JobSpec(), JobSpecFormat.Yaml));
        Assert.Equal("name: first\ntraining:\n  steps: 5\n", JobSpecDocument.Write(new JobSpec { Name = "first", Training = new TrainingSpec { Steps = 5 } }, JobSpecFormat.Yaml));
        string all = JobSpecDocument.Write(new JobSpec(), JobSpecFormat.Yaml, complete: true);
        foreach (string line in (string[])["name: job", "  groupBlocks: [3, 4, 6, 3]", "  steps: null", "  forecast: persistence"]) Assert.Contains(line, all.Split('\n'));
    }

    [Fact]
    public void All_problems_are_told_at_once_with_path_line_value_and_what_would_be_right()
    {
        string[] problems = Problems("""
            nmae: first
            model:
              blocks: "6"
              training: 3
            training:
              globalBatch: 0
              global_batches: 3
              steps: 1.5
              vault: yes
              optimizer: adam
              blocks: 4
            data:
              paths: [a, 3]
            planning: 7
            sharing:
              weight:
            colour: red
            """);
        Assert.Equal(
            [
                "line 1: nmae: there is no such field; did you mean name?",
                "line 3: model.blocks: \"6\" is not valid; it must be a whole number.",
                "line 4: model.training: there is no such field; did you mean training?",
                "line 6: training.globalBatch: 0 is not valid; it must be a multiple of training.microBatches (8).",
                "line 7: training.global_batches: there is no such field; did you mean globalBatch?",
                "line 8: training.steps: 1.5 is not valid; it must be a whole number, or null.",
                "line 9: training.vault: \"yes\" is not valid; it must be true or false.",
                "line 10: training.optimizer: adam is not valid; it must be one of adamw, sgd.",
                "line 11: training.blocks: there is no such field; did you mean model.blocks?",
                "line 13: data.paths[1]: 3 is not valid; it must be a text, in quotes.",
                "line 14: planning: 7 is not valid; it must be a group of fields such as memoryBytes, flopsPerSecond, linkBytesPerSecond.",
                "line 16: sharing.weight: null is not valid; it must be a finite number.",
                "line 17: colour: there is no such field; it must be one of name, model, data, training, planning, fleet, sharing.",
            ],
            problems);
    }

    [Fact]
    public void Json_has_lines_too()
    {
        string[] problems = Problems("{\n \"name\": 5,\n \"training\": {\n  \"steps\": 3000000000,\n  \"steps\": 1,\n  \"beta1\": 1 } }");
        Assert.Equal(
            [
                "line 5: training.steps: the field is given twice; it must be given once.",
            ],
            problems);
        problems = Problems("{\n \"name\": 5,\n \"training\": {\n  \"steps\": 3000000000,\n  \"beta1\": 1 } }");
        Assert.Equal(
            [
                "line 2: name: 5 is not valid; it must be a text, in quotes.",
                "line 4: training.steps: 3000000000 is not valid; it must be a whole number from -2147483648 to 2147483647, or null.",
                "line 5: training.beta1: 1 is not valid; it must be in [0, 1).",
            ],
            problems);
    }

    [Theory]
    [InlineData("", "the document is not valid: it is empty; it must have fields such as name,")]
    [InlineData("# nothing\n", "the document is not valid: it is empty;")]
    [InlineData("- a\n", "line 1: the document is not valid: it is a list;")]
    [InlineData("job", "line 1: the document is not valid: it is a single value;")]
    [InlineData("{\"name\": }", "line 1: this is not valid JSON: ")]
    [InlineData("{\"name\": \"a\"} x", "line 1: this is not valid JSON: ")]
    [InlineData("name: [a\n", "this is not valid YAML: ")]
    [InlineData("name: a\nname: b\n", "line 2: name: the field is given twice; it must be given once.")]
    [InlineData("name: &n a\n", "line 1: this is not valid YAML: anchors and tags are not known here; write the value itself.")]
    [InlineData("name: !!str 1\n", "line 1: this is not valid YAML: anchors and tags are not known here")]
    [InlineData("name: a\n---\nname: b\n", "line 2: a second document begins here; there must be one.")]
    [InlineData("? [a]\n: b\n", "line 1: this is not valid YAML: the name of a field must be a text.")]
    [InlineData("model: { preset: gpt5 }", "line 1: model.preset: \"gpt5\" is not valid; it must be one of gpt2, gpt2-medium,")]
    public void What_is_no_document_is_told(string text, string problem) => Assert.Contains(problem, string.Join('\n', Problems(text)), StringComparison.Ordinal);

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public void A_document_that_is_nested_without_end_is_refused(char open, char close)
    {
        string deep = open == '[' ? new string('[', 5000) + new string(']', 5000) : string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string(close, 5000);
        Assert.NotEmpty(JobSpecDocument.Read(deep, JobSpecFormat.Json).Problems);
        Assert.Contains("nested more than 32 levels", string.Join('\n', JobSpecDocument.Read(deep, JobSpecFormat.Yaml).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_are_set_from_outside_by_their_path()
    {
        var spec = JobSpecDocument.Parse("name: a\ntraining: { steps: 3 }", null, [new("training.steps", "50"), new("data.paths", "[x, y]"), new("name", "'7'"), new("model", "{ preset: gpt2 }"), new("model.blocks", "2")]);
        Same(new JobSpec { Name = "7", Training = new TrainingSpec { Steps = 50 }, Data = new DataSpec { Paths = ["x", "y"] }, Model = ModelPresets.Get("gpt2") with { Blocks = 2 } }, spec);
    }

    [Theory]
    [InlineData("training.steps", "many", "training.steps: \"many\" is not valid; it must be a whole number, or null.")]
    [InlineData("training.stesp", "1", "training.stesp: there is no such field; did you mean steps?")]
    [InlineData("name.x", "1", "name.x: name is \"a\" in the document; it must be a group of fields.")]
    [InlineData("training..steps", "1", "training..steps: this is no path of a field; it must be like training.steps.")]
    [InlineData("training.steps", "[1", "training.steps: this is not valid YAML: ")]
    [InlineData("training.globalBatch", "12", "training.globalBatch: 12 is not valid; it must be a multiple of training.microBatches (8).")]
    public void A_field_that_is_set_wrong_is_told_by_its_path(string path, string value, string problem) =>
        Assert.StartsWith(problem, Assert.Single(JobSpecDocument.Read("name: a", null, [new(path, value)]).Problems).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Parsing_throws_with_every_problem()
    {
        var e = Assert.Throws<JobSpecDocumentException>(() => JobSpecDocument.Parse("name: ''\nfleet: 3"));
        Assert.Equal(["name", "fleet"], e.Problems.Select(p => p.Path));
        Assert.Equal(2, e.Message.Split('\n').Length);
    }

    [Theory]
    [InlineData(Yaml, JobSpecFormat.Yaml)]
    [InlineData(Json, JobSpecFormat.Json)]
    [InlineData(Json, JobSpecFormat.Yaml)]
    public void Whatever_is_written_is_read_or_has_problems_that_can_be_told(string text, JobSpecFormat format)
    {
        const string Odd = "{}[]:,\"'#&*!|>%@`-?~\t\n \0\u00e9\ud83d.0e+";
        var random = new Random(11);
        for (int i = 0; i < 4000; i++)
        {
            char[] changed = text.ToCharArray();
            for (int n = random.Next(1, 5); n > 0; n--) changed[random.Next(changed.Length)] = Odd[random.Next(Odd.Length)];
            int from = random.Next(changed.Length), to = random.Next(from, changed.Length + 1);
            foreach (string document in (string[])[new string(changed), new string(changed, from, to - from)])
            {
                var reading = JobSpecDocument.Read(document, format);
                Assert.True(reading.Spec is null == reading.Problems.Count > 0, document);
                Assert.All(reading.Problems, p => Assert.True(p.Message.Length > 10 && p.Line is null or > 0, $"{p}"));
            }
        }
    }

    [Fact]
    public void Numbers_are_read_however_they_are_written()
    {
        var spec = JobSpecDocument.Parse("training: { steps: 1e3, globalBatch: 0x20, microBatches: 0o10, learningRate: .5, clipNorm: 1. }");
        Assert.Equal((1000, 32, 8, 0.5, 1.0), (spec.Training.Steps, spec.Training.GlobalBatch, spec.Training.MicroBatches, spec.Training.LearningRate, spec.Training.ClipNorm));
    }

    [Fact]
    public void Defaults_are_not_shared_between_documents()
    {
        var one = JobSpecDocument.Parse("model: { family: plugin, assembly: a.dll, settings: { k: 3 } }\ndata: { kind: synthetic }");
        Assert.Equal("3", one.Model.Settings["k"]);
        Assert.Empty(JobSpecDocument.Parse("name: b").Model.Settings);
        Assert.Equal(12, ModelPresets.Get("gpt2").Blocks);
    }

    internal static void Same(JobSpec expected, JobSpec actual) =>
        Assert.Equal(JobSpecDocument.Write(expected, JobSpecFormat.Json, complete: true), JobSpecDocument.Write(actual, JobSpecFormat.Json, complete: true));

    private static string[] Problems(string text)
    {
        var reading = JobSpecDocument.Read(text);
        Assert.Null(reading.Spec);
        return [.. reading.Problems.Select(p => $"{p}")];
    }
}
